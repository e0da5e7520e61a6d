/** Lines and texts are those of HashiCorp's agent 0.9.4, except where it says otherwise. */
import { deepEqual, equal, match, ok, throws } from "../../support/assert.ts";
import { EventHandlers, parseEventHandler } from "../../../lib/agent/event_handlers.ts";
import { StateError } from "../../../lib/base/errors.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import { FakePlatform, type FakeScript, settle } from "./fake_platform.ts";
import { member, memberEvent, queryEvent, userEvent } from "./handler_events.ts";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERR"];

class Fixture {
  readonly platform = new FakePlatform();
  readonly lines: string[] = [];
  readonly handlers: EventHandlers;

  constructor(...specs: string[]) {
    const log = (level: LogLevel, text: string) => void this.lines.push(`[${LEVELS[level]}] ${text}`);
    this.handlers = new EventHandlers(
      specs.map(parseEventHandler),
      () => ({ name: "me", tags: new Map() }),
      this.platform,
      { enabled: () => true, log },
    );
  }

  /** The texts of the scripts that run now. */
  get running(): string[] {
    return this.platform.scripts.map(({ text }) => text);
  }

  /** The only script that runs. */
  get script(): FakeScript {
    equal(this.platform.scripts.length, 1);
    return this.platform.scripts[0]!;
  }

  async end(script: FakeScript, failure?: string, inputFailure?: string): Promise<void> {
    script.end(failure, inputFailure);
    await settle();
  }
}

const JOIN = memberEvent("member-join", member("a"));
const LEAVE = memberEvent("member-leave", member("a"));

Deno.test("parseEventHandler() splits at the first =; without one everything runs the script", () => {
  const cases: readonly (readonly [spec: string, script: string, filters: string[]])[] = [
    ["a.sh", "a.sh", ["*:"]],
    ["", "", ["*:"]],
    ["=a b=c", "a b=c", ["*:"]],
    ["*=x=y", "x=y", ["*:"]],
    ["member-join,user:a:b,query:= x", " x", ["member-join:", "user:a:b", "query:"]],
    ["user=", "", ["user:"]],
    ["user==y", "=y", ["user:"]],
  ];
  for (const [spec, script, filters] of cases) {
    const handler = parseEventHandler(spec);
    equal(handler.script, script, spec);
    deepEqual(handler.filters.map(({ kind, name }) => `${kind}:${name}`), filters, spec);
  }
});

Deno.test("parseEventHandler() names the first filter that does not exist", () => {
  const cases: readonly (readonly [spec: string, event: string, script: string])[] = [
    ["foo=x", "foo", "x"],
    ["user,foo,bar=x y=z", "foo", "x y=z"],
    ["member-join,=x", "", "x"],
    [" user=x", " user", "x"],
    ["member-join:z=x", "member-join:z", "x"],
    ["x==y", "x", "=y"],
  ];
  for (const [spec, event, script] of cases) {
    const message = `Invalid event script: Event '${event}' invoking '${script}'`;
    throws(() => parseEventHandler(spec), { name: "ConfigError", message });
  }
});

Deno.test("EventHandlers.onEvent() runs what wants the event, once for each filter", () => {
  const cases: readonly (readonly [spec: string, join: number, deploy: number, load: number])[] = [
    ["x", 1, 1, 1],
    ["member-join=x", 1, 0, 0],
    ["member-leave,member-failed=x", 0, 0, 0],
    ["user=x", 0, 1, 0],
    ["user:deploy=x", 0, 1, 0],
    ["user:deplo=x", 0, 0, 0],
    ["user:=x", 0, 1, 0],
    ["query:load=x", 0, 0, 1],
    ["query:deploy=x", 0, 0, 0],
  ];
  for (const [spec, ...counts] of cases) {
    [JOIN, userEvent("deploy"), queryEvent("load")].forEach((event, index) => {
      const fixture = new Fixture(spec);
      fixture.handlers.onEvent(event);
      equal(fixture.running.length, counts[index], `${spec} at ${event.type}`);
    });
  }
});

Deno.test("EventHandlers runs a handler twice that is listed twice, one run after the other", async () => {
  const fixture = new Fixture("user,user:deploy=x", "user=x");
  fixture.handlers.onEvent(userEvent("deploy", "p"));
  for (let run = 0; run < 3; run++) {
    equal(fixture.script.input, "p\n");
    await fixture.end(fixture.script);
  }
  deepEqual(fixture.running, []);
});

Deno.test("EventHandlers keeps the order of events for each script, and lets no script wait for another", async () => {
  const fixture = new Fixture("slow", "member-join=quick", "member-leave=quick");
  fixture.handlers.onEvent(JOIN);
  fixture.handlers.onEvent(LEAVE);
  deepEqual(fixture.running, ["slow", "quick"]);
  const [slow, quick] = fixture.platform.scripts;
  equal(quick!.env["SERF_EVENT"], "member-join");
  await fixture.end(quick!);
  deepEqual(fixture.running, ["slow", "quick"]);
  equal(fixture.platform.scripts[1]!.env["SERF_EVENT"], "member-leave");
  await fixture.end(slow!);
  deepEqual(fixture.platform.scripts.map(({ env }) => env["SERF_EVENT"]), ["member-leave", "member-leave"]);
});

Deno.test("EventHandlers drops the oldest event of a script that hangs, and says so at a bounded rate", async () => {
  const fixture = new Fixture("hang", "other");
  for (let i = 0; i < 3_000; i++) {
    fixture.handlers.onEvent(userEvent("e", String(i)));
    for (const script of fixture.platform.scripts.filter(({ text }) => text === "other")) {
      await fixture.end(script);
    }
  }
  const drops = fixture.lines.filter((line) => line.includes("dropping"));
  equal(drops.length, 3, "of two thousand");
  equal(
    drops[0],
    "[WARN] agent: Script 'hang' does not keep up, 1024 events wait for it: dropping the oldest",
  );
  const inputs = [];
  while (fixture.running.length > 0) {
    inputs.push(Number(fixture.script.input));
    await fixture.end(fixture.script);
  }
  deepEqual(inputs, [0, ...Array.from({ length: 1_024 }, (_, i) => 3_000 - 1_024 + i)]);
});

Deno.test("EventHandlers calls a script slow after a second, once, and not one that is quicker", async () => {
  const fixture = new Fixture("x");
  fixture.handlers.onEvent(JOIN);
  fixture.platform.simClock.runFor(999);
  await fixture.end(fixture.script);
  fixture.platform.simClock.runFor(5_000);
  deepEqual(fixture.lines, ["[DEBUG] agent: Event 'member-join' script output: "]);
  fixture.handlers.onEvent(JOIN);
  fixture.platform.simClock.runFor(60_000);
  equal(fixture.lines[1], "[WARN] agent: Script 'x' slow, execution exceeding 1s");
  equal(fixture.lines.length, 2);
});

Deno.test("EventHandlers logs what a script printed, and how it failed", async () => {
  const fixture = new Fixture("x");
  fixture.handlers.onEvent(userEvent("deploy"));
  fixture.script.print("out\n");
  fixture.script.print("err");
  await fixture.end(fixture.script, "exit status 3", "write |1: broken pipe");
  deepEqual(fixture.lines, [
    "[ERR] Error writing payload: write |1: broken pipe",
    "[DEBUG] agent: Event 'user' script output: out\nerr",
    "[ERR] agent: Error invoking script 'x': exit status 3",
  ]);
});

Deno.test("EventHandlers goes on where there is no shell", async () => {
  const fixture = new Fixture("x");
  fixture.platform.shellFault = new Error("fork/exec /bin/sh: no such file or directory");
  fixture.handlers.onEvent(JOIN);
  await settle();
  deepEqual(fixture.lines, [
    "[ERR] agent: Error invoking script 'x': fork/exec /bin/sh: no such file or directory",
  ]);
  fixture.platform.shellFault = undefined;
  fixture.handlers.onEvent(JOIN);
  deepEqual(fixture.running, ["x"]);
});

Deno.test("EventHandlers keeps the last 8192 bytes of output, and says that there were more", async () => {
  const fixture = new Fixture("x");
  let answer = new Uint8Array();
  fixture.handlers.onEvent(queryEvent("q", (payload) => answer = payload.slice()));
  for (let i = 0; i < 100; i++) fixture.script.print("y".repeat(1_000));
  fixture.script.print("end");
  await fixture.end(fixture.script);
  equal(new TextDecoder().decode(answer), "y".repeat(8_189) + "end");
  equal(
    fixture.lines[0],
    "[WARN] agent: Script 'x' generated 100003 bytes of output, truncated to 8192",
  );
});

Deno.test("EventHandlers answers a query with the output, if there is some and the script succeeded", async () => {
  const cases: readonly (readonly [output: string, failure: string | undefined, answers: number[][]])[] = [
    ["a\n", undefined, [[0x61, 0x0a]]],
    ["", undefined, []],
    ["a", "exit status 1", []],
    ["", "signal: killed", []],
  ];
  for (const [output, failure, expected] of cases) {
    const fixture = new Fixture("query:load=uptime");
    const answers: number[][] = [];
    fixture.handlers.onEvent(queryEvent("load", (payload) => answers.push([...payload])));
    if (output !== "") fixture.script.print(output);
    await fixture.end(fixture.script, failure);
    deepEqual(answers, expected, output);
  }
});

Deno.test("EventHandlers says why a query could not be answered", async () => {
  const fixture = new Fixture("query=x");
  const refuse = () => {
    throw new StateError("response already sent");
  };
  fixture.handlers.onEvent(queryEvent("load", refuse));
  fixture.script.print("1");
  await fixture.end(fixture.script);
  equal(
    fixture.lines[1],
    "[WARN] agent: Failed to respond to query 'query: load': failed to respond to key query: response already sent",
  );
});

Deno.test("EventHandlers.replace() takes the new list at once; runs go on, and what is gone gets nothing more", async () => {
  const fixture = new Fixture("old", "both");
  fixture.handlers.onEvent(JOIN);
  fixture.handlers.onEvent(JOIN);
  fixture.handlers.replace(["both", "user=new"].map(parseEventHandler));
  fixture.handlers.onEvent(userEvent("e"));
  deepEqual(fixture.running, ["old", "both", "new"]);
  for (const script of [...fixture.platform.scripts]) await fixture.end(script);
  deepEqual(fixture.running, ["both"], "its second join");
  await fixture.end(fixture.script);
  equal(fixture.script.env["SERF_EVENT"], "user");
  await fixture.end(fixture.script);
  deepEqual(fixture.running, []);
});

Deno.test("EventHandlers.replace() keeps one run at a time of a script that comes back", async () => {
  const fixture = new Fixture("x");
  fixture.handlers.onEvent(JOIN);
  fixture.handlers.replace([]);
  fixture.handlers.replace([parseEventHandler("x")]);
  fixture.handlers.onEvent(LEAVE);
  equal(fixture.script.env["SERF_EVENT"], "member-join");
  await fixture.end(fixture.script);
  equal(fixture.script.env["SERF_EVENT"], "member-leave");
});

Deno.test("EventHandlers.stop() leaves running scripts alone, starts none, and is silent", async () => {
  const fixture = new Fixture("x");
  let answered = false;
  fixture.handlers.onEvent(queryEvent("q", () => answered = true));
  fixture.handlers.onEvent(JOIN);
  fixture.handlers.stop();
  fixture.handlers.onEvent(JOIN);
  fixture.platform.simClock.runFor(5_000);
  fixture.script.print("1");
  await fixture.end(fixture.script, "exit status 1");
  deepEqual(fixture.running, []);
  deepEqual(fixture.lines, []);
  ok(!answered);
});

Deno.test("EventHandlers.stats() shows every filter, also those that several scripts have", () => {
  const { handlers } = new Fixture(
    "a.sh",
    "query:load=uptime",
    "user,member-join=b",
    "=c d",
    "member-join=b",
  );
  deepEqual(handlers.stats(), {
    "*:": "a.sh, c d",
    "query:load": "uptime",
    "user:": "b",
    "member-join:": "b, b",
  });
});

Deno.test("EventHandlers does not mind a bug in a query's answer", async () => {
  const fixture = new Fixture("x");
  fixture.handlers.onEvent(queryEvent("q", () => {
    throw new TypeError("bug");
  }));
  fixture.script.print("1");
  await fixture.end(fixture.script);
  match(fixture.lines[1]!, /Failed to respond to query 'query: q': .*bug/);
});
