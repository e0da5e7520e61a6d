import { deepEqual, equal, match } from "../../support/assert.ts";
import { AgentLogger } from "../../../lib/agent/agent_logger.ts";
import { formatLogLine, parseLogLevel } from "../../../lib/agent/log_format.ts";
import { LogRing } from "../../../lib/agent/log_ring.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";

function logger(level: LogLevel = LogLevel.info) {
  const shown: string[] = [];
  const log = new AgentLogger(new SimClock(), level, (text) => shown.push(text));
  return { log, shown };
}

/** A moment, in milliseconds since the epoch. */
const AT = 1_700_000_000_000;

/** Without the time, which is local. */
const bare = (lines: readonly string[]) =>
  lines.map((line) => line.replace(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/, "T"));

Deno.test("AgentLogger shows nothing before its gate opens, then all in order", () => {
  const { log, shown } = logger();
  log.log(LogLevel.info, "agent: one");
  log.log(LogLevel.warn, "serf: two");
  deepEqual(shown, []);
  log.openGate();
  log.log(LogLevel.error, "agent: three");
  deepEqual(bare(shown), [
    "    T [INFO] agent: one\n",
    "    T [WARN] serf: two\n",
    "    T [ERR] agent: three\n",
  ]);
  log.close();
  log.log(LogLevel.error, "agent: four");
  equal(shown.length, 3);
});

Deno.test("AgentLogger filters what it shows by level; the ring gets everything", () => {
  const { log, shown } = logger(LogLevel.warn);
  log.openGate();
  const levels = [LogLevel.trace, LogLevel.debug, LogLevel.info, LogLevel.warn, LogLevel.error];
  for (const level of levels) log.log(level, `agent: ${level}`);
  deepEqual(bare(shown), ["    T [WARN] agent: 3\n", "    T [ERR] agent: 4\n"]);
  const lines: string[] = [];
  log.ring.subscribe(LogLevel.trace, (line) => lines.push(line));
  deepEqual(bare(lines), [
    "T [TRACE] agent: 0",
    "T [DEBUG] agent: 1",
    "T [INFO] agent: 2",
    "T [WARN] agent: 3",
    "T [ERR] agent: 4",
  ]);
  log.level = LogLevel.trace;
  log.log(LogLevel.trace, "agent: later");
  equal(shown.length, 3);
  equal(log.enabled(LogLevel.trace), true);
});

Deno.test("AgentLogger cuts what is too long to be kept", () => {
  const { log, shown } = logger();
  log.openGate();
  log.log(LogLevel.info, "x".repeat(16_384));
  equal(bare(shown)[0], `    T [INFO] ${"x".repeat(16_384)}\n`);
  log.log(LogLevel.info, "\u20ac".repeat(16_384) + "y".repeat(1_000_000));
  const cut = `${"\u20ac".repeat(16_384)}... (1000000 more characters)`;
  equal(bare(shown)[1], `    T [INFO] ${cut}\n`);
  const lines: string[] = [];
  log.ring.subscribe(LogLevel.info, (line) => lines.push(line));
  equal(bare(lines)[1], `T [INFO] ${cut}`);
});

Deno.test("AgentLogger indents only the first line, and keeps braces", () => {
  const { log, shown } = logger();
  log.openGate();
  log.log(LogLevel.warn, "agent: error joining: 1 error occurred:\n\t* {name} {{x}}\n\n");
  deepEqual(bare(shown), ["    T [WARN] agent: error joining: 1 error occurred:\n\t* {name} {{x}}\n\n"]);
});

Deno.test("AgentLogger: two agents of one process do not hear each other", () => {
  const first = logger(), second = logger();
  first.log.openGate();
  second.log.openGate();
  second.log.log(LogLevel.info, "agent: mine");
  deepEqual([first.shown.length, second.shown.length], [0, 1]);
});

Deno.test("AgentLogger holds back a bounded number of lines", () => {
  const { log, shown } = logger();
  for (let i = 0; i < 5_000; i++) log.log(LogLevel.info, `agent: ${i}`);
  log.openGate();
  equal(shown.length, 4_096);
  match(shown.at(-1)!, /agent: 4999/);
});

Deno.test("formatLogLine() stamps in local time, without a fraction", () => {
  const wallMs = new Date(2026, 0, 2, 3, 4, 5, 678).getTime();
  equal(formatLogLine(wallMs, LogLevel.debug, "serf: x"), "2026/01/02 03:04:05 [DEBUG] serf: x");
  equal(formatLogLine(wallMs, LogLevel.info, "serf: x\n"), "2026/01/02 03:04:05 [INFO] serf: x");
  equal(formatLogLine(wallMs, LogLevel.info, "serf: x\n\n"), "2026/01/02 03:04:05 [INFO] serf: x\n");
});

Deno.test("parseLogLevel() knows five names", () => {
  deepEqual(["TRACE", "DEBUG", "INFO", "WARN", "ERR"].map(parseLogLevel), [0, 1, 2, 3, 4]);
  deepEqual(["ERROR", "info", ""].map(parseLogLevel), [undefined, undefined, undefined]);
});

Deno.test("LogRing gives the backlog first, filtered, oldest first, then what comes", () => {
  const ring = new LogRing(3);
  const heard: string[] = [];
  for (let i = 0; i < 5; i++) ring.push(AT, i % 2 === 0 ? LogLevel.warn : LogLevel.debug, `line ${i}`);
  const stop = ring.subscribe(LogLevel.info, (line) => heard.push(line));
  deepEqual(bare(heard), ["T [WARN] line 2", "T [WARN] line 4"]);
  ring.push(AT, LogLevel.debug, "line 5");
  ring.push(AT, LogLevel.info, "line 6");
  equal(ring.subscriberCount, 1);
  stop();
  ring.push(AT, LogLevel.error, "line 7");
  deepEqual(bare(heard), ["T [WARN] line 2", "T [WARN] line 4", "T [INFO] line 6"]);
  equal(ring.subscriberCount, 0);
});

Deno.test("LogRing keeps of each line when it was logged", () => {
  const ring = new LogRing(2);
  const heard: string[] = [];
  for (const minutes of [0, 1, 2]) ring.push(AT + minutes * 60_000, LogLevel.info, "x");
  ring.subscribe(LogLevel.trace, (line) => heard.push(line));
  deepEqual(heard, [1, 2].map((minutes) => formatLogLine(AT + minutes * 60_000, LogLevel.info, "x")));
});

Deno.test("LogRing remembers 512 lines by default", () => {
  const ring = new LogRing();
  for (let i = 0; i < 600; i++) ring.push(AT, LogLevel.info, String(i));
  const heard: string[] = [];
  ring.subscribe(LogLevel.trace, (line) => heard.push(line));
  equal(heard.length, 512);
  equal(bare(heard)[0], "T [INFO] 88");
});

Deno.test("LogRing: a listener may end its own subscription, or another's", () => {
  const ring = new LogRing();
  const heard: string[] = [];
  const stops: (() => void)[] = [];
  for (const name of ["a", "b"]) {
    stops.push(ring.subscribe(LogLevel.trace, () => {
      heard.push(name);
      for (const stop of stops) stop();
    }));
  }
  ring.push(AT, LogLevel.info, "x");
  ring.push(AT, LogLevel.info, "y");
  deepEqual(heard, ["a"]);
});
