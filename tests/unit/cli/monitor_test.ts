import { deepEqual, equal, ok } from "../../support/assert.ts";
import { runCli } from "../../../lib/cli/dispatcher.ts";
import { FakeAgent } from "./fake_agent.ts";

const USER_EVENT = {
  Coalesce: true,
  Event: "user",
  LTime: 200,
  Name: 'de"ploy',
  Payload: Uint8Array.of(0x70, 1),
};
const MEMBER_EVENT = {
  Event: "member-join",
  Members: [{ Addr: Uint8Array.of(127, 0, 0, 1), Name: "a", Port: 7946, Tags: { b: "2", a: "1" } }],
};

/** An agent with two remembered lines and two events. */
function chattyAgent(): FakeAgent {
  return new FakeAgent(({ command }) => {
    if (command === "stream") {
      return { records: [USER_EVENT, { ...USER_EVENT, Payload: null }, MEMBER_EVENT] };
    }
    return command === "monitor"
      ? { records: [{ Log: "one [INFO] x" }, { Log: "two\n\tlines" }] }
      : undefined;
  });
}

const EVENTS = `Event Info:
	Coalesce: true
	Event: "user"
	LTime: 0xc8
	Name: "de\\"ploy"
	Payload: []byte{0x70, 0x1}
Event Info:
	Coalesce: true
	Event: "user"
	LTime: 0xc8
	Name: "de\\"ploy"
	Payload: <nil>
Event Info:
	Event: "member-join"
	Members: []interface {}{map[interface {}]interface {}{"Addr":[]uint8{0x7f, 0x0, 0x0, 0x1}, "Name":"a", ` +
  `"Port":0x1f0a, "Tags":map[interface {}]interface {}{"a":"1", "b":"2"}}}
`;
const LINES = "one [INFO] x\ntwo\n\tlines\n";
const FAREWELL = `
Remote side ended the monitor! This usually means that the
remote side has exited or crashed.
`;

/** Lets everything that is ready happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("monitor shows events and log lines, and ends with 1 when the agent goes", async () => {
  const agent = chattyAgent();
  const done = runCli(["monitor", "ignored"], agent.fake.platform);
  await settle();
  equal(agent.fake.stdout, EVENTS + LINES);
  agent.hangUp();
  equal(await done, 1);
  equal(agent.fake.stdout, EVENTS + LINES + FAREWELL);
  deepEqual(agent.commands, ["stream", "monitor"]);
  deepEqual(agent.bodyOf("stream"), { Type: "*" });
  deepEqual(agent.bodyOf("monitor"), { LogLevel: "INFO" });
});

Deno.test("monitor ends with 0 when it is interrupted, and listens to no signal after that", async () => {
  const agent = chattyAgent();
  const done = runCli(["monitor", "-log-level=debug"], agent.fake.platform);
  await settle();
  agent.fake.signal("SIGINT");
  equal(await done, 0);
  equal(agent.fake.stdout, EVENTS + LINES);
  equal(agent.fake.signalListeners.get("SIGINT")!.size, 0);
  deepEqual(agent.bodyOf("monitor"), { LogLevel: "debug" });
});

Deno.test("monitor can be interrupted while the agent does not answer", async () => {
  const agent = new FakeAgent();
  agent.fake.listener = () => ({
    remote: "127.0.0.1:7373",
    read: () => new Promise<null>(() => {}),
    write: () => 0,
    queuedBytes: 0,
    drained: () => Promise.resolve(),
    released: () => Promise.resolve(),
    close() {},
  });
  const done = runCli(["monitor"], agent.fake.platform);
  await settle();
  agent.fake.signal("SIGINT");
  equal(await done, 0);
  equal(agent.fake.stdout, "");
});

Deno.test("monitor reports a level that the agent does not know", async () => {
  const agent = new FakeAgent(({ command }) => {
    return command === "monitor" ? { error: "Unknown log level: BOGUS" } : undefined;
  });
  equal(await runCli(["monitor", "-log-level=bogus"], agent.fake.platform), 1);
  equal(agent.fake.stdout, "Error starting monitor: Unknown log level: BOGUS\n");
  equal(agent.closed, 1);
});

Deno.test("monitor ends when nobody reads its output any more", async () => {
  const agent = chattyAgent();
  agent.fake.textsLeft = 1;
  const code = await runCli(["monitor"], agent.fake.platform);
  equal(code, 1);
  ok(EVENTS.startsWith(agent.fake.stdout));
  equal(agent.closed, 1);
});
