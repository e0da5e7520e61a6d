/** The datagrams and the texts are those of HashiCorp's agent 0.9.4. */
import { deepEqual, equal, match, rejects } from "../../support/assert.ts";
import { AgentLogger } from "../../../lib/agent/agent_logger.ts";
import { Syslog } from "../../../lib/agent/syslog.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import { createPlatform } from "../../../lib/platform/deno_platform.ts";
import { FakePlatform, inTime } from "./fake_platform.ts";

function create() {
  const platform = new FakePlatform();
  const received: string[] = [];
  platform.datagrams.set("/dev/log", received);
  return { platform, received };
}

/** Without the stamp, which depends on the time zone. */
function withoutStamp(line: string): string {
  match(line, /^<\d+>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d serf/);
  return line.replace(/>.* serf/, ">serf");
}

Deno.test("Syslog.log() writes facility, severity, tag and process", async () => {
  const { platform, received } = create();
  const syslog = await Syslog.open("local3", platform);
  syslog.log(LogLevel.trace, "a");
  syslog.log(LogLevel.debug, "b");
  syslog.log(LogLevel.info, "agent: Serf agent starting");
  syslog.log(LogLevel.warn, "1 error occurred:\n\t* x\n\n");
  syslog.log(LogLevel.error, "d");
  deepEqual(received.map(withoutStamp), [
    "<159>serf[77]: a\n",
    "<158>serf[77]: b\n",
    "<157>serf[77]: agent: Serf agent starting\n",
    "<156>serf[77]: 1 error occurred:\n\t* x\n\n",
    "<155>serf[77]: d\n",
  ]);
  await syslog.close();
  syslog.log(LogLevel.info, "after the end");
  equal(received.length, 5);
});

Deno.test("Syslog.open() knows the facilities, and says what is wrong", async () => {
  const { platform, received } = create();
  for (const name of ["KERN", "cron", "AuthPriv", "LOCAL7"]) {
    (await Syslog.open(name, platform)).log(LogLevel.error, "x");
  }
  deepEqual(received.map((line) => line.slice(0, line.indexOf(">") + 1)), ["<3>", "<75>", "<83>", "<187>"]);
  for (const name of ["foo", "LOCAL8", ""]) {
    const message = `Syslog setup failed: invalid syslog facility: ${name.toUpperCase()}`;
    await rejects(Syslog.open(name, platform), { name: "ConfigError", message });
  }
  const message = "Syslog setup failed: Unix syslog delivery error";
  await rejects(Syslog.open("LOCAL0", new FakePlatform()), { name: "ConfigError", message });
});

Deno.test("Syslog.close() does not wait for ever for a daemon that takes nothing", async () => {
  const { platform } = create();
  let isClosed = false;
  platform.openUnixDatagrams = () =>
    Promise.resolve({
      send: () => {},
      drained: () => new Promise(() => {}),
      close: () => void (isClosed = true),
    });
  const syslog = await Syslog.open("LOCAL0", platform);
  syslog.log(LogLevel.info, "stuck");
  await inTime(platform, syslog.close(), 1_000);
  equal(isClosed, true);
  equal(platform.simClock.armedCount, 0);
});

Deno.test("AgentLogger passes on what is shown, before the gate opens too", () => {
  const { platform } = create();
  const logger = new AgentLogger(platform.clock, LogLevel.info, () => {});
  const passed: unknown[] = [];
  logger.tee = (level, text) => passed.push([level, text]);
  logger.log(LogLevel.debug, "serf: hidden");
  logger.log(LogLevel.info, "serf: shown");
  deepEqual(passed, [[LogLevel.info, "serf: shown"]]);
  // A stranger's name may have millions of characters, which no datagram holds.
  logger.log(LogLevel.warn, "x".repeat(1_000_000));
  equal((passed[1] as [LogLevel, string])[1].length < 20_000, true);
  logger.close();
});

Deno.test("Syslog on a real socket: all lines arrive in order before it is closed", async () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/log`;
  const daemon = Deno.listenDatagram({ transport: "unixpacket", path });
  const syslog = await Syslog.open("DAEMON", createPlatform(), [`${folder}/none`, path]);
  for (let i = 0; i < 5; i++) syslog.log(LogLevel.info, `line ${i}`);
  await syslog.close();
  for (let i = 0; i < 5; i++) {
    const [bytes] = await daemon.receive();
    equal(withoutStamp(new TextDecoder().decode(bytes)), `<29>serf[${Deno.pid}]: line ${i}\n`);
  }
  daemon.close();
  Deno.removeSync(folder, { recursive: true });
});
