import { deepEqual, equal, ok, rejects } from "../../support/assert.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import { encodeResponseHeader } from "../../../lib/rpc/messages.ts";
import { type EventRecord, RpcClient } from "../../../lib/rpc/rpc_client.ts";
import { RpcContext } from "../../../lib/rpc/rpc_context.ts";
import { COMMANDS } from "../../../lib/rpc/rpc_handlers.ts";
import { RpcSession } from "../../../lib/rpc/rpc_session.ts";
import { encoded, settle } from "./conversation.ts";
import { FakeBackend, FakeClock, fakeMember } from "./fake_backend.ts";
import { connectionPair, FakeConnection } from "./fake_stream.ts";

/** A client connected to a server in memory. */
async function connected(authKey = "", token = authKey) {
  const backend = new FakeBackend();
  const [near, far] = connectionPair();
  const session = new RpcSession(new RpcContext(backend, new FakeClock(), authKey), COMMANDS, far);
  const ended = session.run();
  const dialled: unknown[] = [];
  const platform = {
    clock: new FakeClock(),
    dialStream: (...dial: unknown[]) => {
      dialled.push(dial);
      return Promise.resolve(near);
    },
  };
  const client = await RpcClient.connect(platform, "[::1]:7373", token);
  await client.accepted;
  return { backend, client, session, ended, dialled, clock: platform.clock };
}

function platformOf(connection: FakeConnection) {
  return { clock: new FakeClock(), dialStream: () => Promise.resolve(connection) };
}

/** A client connected to something that says `bytes` to whatever it is asked. */
async function connectedTo(answer: (writes: number) => Uint8Array | null): Promise<RpcClient> {
  const connection = new FakeConnection();
  let writes = 0;
  connection.write = () => {
    const bytes = answer(writes++);
    if (bytes === null) connection.end();
    else connection.send(bytes);
    return 0;
  };
  const client = await RpcClient.connect(platformOf(connection), "h:1", "");
  await client.accepted;
  return client;
}

Deno.test("RpcClient.connect() dials the address with a timeout, and shakes hands", async () => {
  const { client, session, dialled } = await connected();
  deepEqual(dialled, [["::1", 7373, 10_000]]);
  ok(session.hasShakenHands);
  client.close();
});

Deno.test("RpcClient gives up on what never answers its greeting, and leaves no timer when it does", async () => {
  const connection = new FakeConnection();
  const platform = platformOf(connection);
  const stuck = await RpcClient.connect(platform, "h:1", "");
  const asked = stuck.members();
  equal(platform.clock.timers.size, 1);
  platform.clock.expire();
  const timeout = { name: "RpcError", message: `read tcp ${connection.remote}: i/o timeout` };
  await rejects(stuck.accepted, timeout);
  await rejects(asked, timeout);
  const { client, clock } = await connected();
  equal(clock.timers.size, 0);
  client.close();
});

Deno.test("RpcClient.connect() reports bad addresses as Go's dialler does", async () => {
  const platform = { clock: new FakeClock(), dialStream: () => Promise.reject(new Error("not reached")) };
  const errors: Record<string, string> = {
    "": "dial tcp: missing address",
    "nohost": "dial tcp: address nohost: missing port in address",
    "::1": "dial tcp: address ::1: too many colons in address",
    "[::1": "dial tcp: address [::1: missing ']' in address",
    "h:99999": "dial tcp: address 99999: invalid port",
    "h:abc": "dial tcp: address tcp/abc: unknown port",
  };
  for (const [address, message] of Object.entries(errors)) {
    await rejects(RpcClient.connect(platform, address, ""), { name: "RpcError", message });
  }
  await rejects(RpcClient.connect(platform, "h:1", ""), { message: "not reached" });
});

Deno.test("RpcClient.connect() authenticates, and says when the key is wrong", async () => {
  const { client, backend } = await connected("sekret");
  equal((await client.members()).length, backend.list.length);
  client.close();
  await rejects(connected("sekret", "zork"), { message: "Invalid authentication token" });
  const { client: keyless } = await connected("sekret", "");
  // No body follows these errors, and none is waited for.
  await rejects(keyless.members(), { message: "Authentication required" });
  await rejects(keyless.join(["a"], false), { message: "Authentication required" });
  keyless.close();
});

Deno.test("RpcClient: what is asked at once goes out with the greeting, and is answered after it", async () => {
  const connection = new FakeConnection();
  const client = await RpcClient.connect(platformOf(connection), "h:1", "sekret");
  const order: string[] = [];
  const members = client.members().then(() => order.push("members"));
  void client.accepted.then(() => order.push("accepted"));
  equal(connection.writes, 3); // handshake, auth, members: before a byte came back
  const empty = encoded((writer) => writer.mapHeader(1).string("Members").arrayHeader(0));
  for (const seq of [1, 2, 3]) connection.send(encoded((writer) => encodeResponseHeader(writer, seq, "")));
  connection.send(empty);
  await members;
  deepEqual(order, ["accepted", "members"]);
  client.close();
});

Deno.test("RpcClient: a refused greeting closes the connection, and fails what was asked with it", async () => {
  const connection = new FakeConnection();
  const client = await RpcClient.connect(platformOf(connection), "h:1", "zork");
  const members = client.members();
  connection.send(encoded((writer) => encodeResponseHeader(writer, 1, "")));
  connection.send(encoded((writer) => encodeResponseHeader(writer, 2, "Invalid authentication token")));
  await rejects(client.accepted, { message: "Invalid authentication token" });
  await rejects(members, { message: "client closed" });
});

Deno.test("RpcClient: what an agent answers that refused the greeting does not count, not even in the same read", async () => {
  // An agent that asks for no key refuses one, and goes on.
  const connection = new FakeConnection();
  const client = await RpcClient.connect(platformOf(connection), "h:1", "zork");
  const members = client.members();
  const answers = encoded((writer) => {
    encodeResponseHeader(writer, 1, "");
    encodeResponseHeader(writer, 2, "Invalid authentication token");
    encodeResponseHeader(writer, 3, "");
    writer.mapHeader(1).string("Members").arrayHeader(0);
  });
  connection.send(answers);
  await rejects(members, { message: "client closed" });
  await rejects(client.accepted, { message: "Invalid authentication token" });
});

Deno.test("RpcClient: every command reaches the agent and brings its answer", async () => {
  const { client, backend } = await connected();
  const coordinate = { vec: [1, 2, 3], error: 1.5, adjustment: 0, height: 1e-5 };
  backend.coordinates.set("x", coordinate);
  deepEqual((await client.members()).map((member) => member.name), ["x"]);
  equal((await client.membersFiltered(new Map([["role", "w.*"]]), "alive", "")).length, 1);
  equal((await client.membersFiltered(new Map(), "", "y")).length, 0);
  equal(await client.join(["a", "b"], true), 2);
  await client.forceLeave("n", true);
  await client.setTags(new Map([["k", "v"]]), ["q"]);
  deepEqual(
    await client.stats(),
    new Map([["agent", new Map([["name", "x"]])], ["event_handlers", new Map()]]),
  );
  deepEqual(await client.coordinate("x"), coordinate);
  equal(await client.coordinate("y"), undefined);
  await client.leave();
  await client.closed;
  deepEqual(backend.calls, [
    ["join", ["a", "b"], true],
    ["forceLeave", "n", true],
    ["setTags", new Map([["k", "v"]]), ["q"]],
    ["leave"],
    ["shutdown"],
  ]);
});

Deno.test("RpcClient: errors carry the agent's words, and the connection goes on", async () => {
  const { client, backend } = await connected();
  await rejects(client.join(["nowhere"], false), {
    name: "RpcError",
    message: "1 error occurred:\n\t* Failed to join nowhere: no\n\n",
  });
  await rejects(client.membersFiltered(new Map(), "", "("), /Failed to compile regex/);
  await rejects(client.monitor("zork", () => {}), { message: "Unknown log level: ZORK" });
  await rejects(client.stream("zork", () => {}), { message: "Invalid event filter" });
  backend.failure = new Error("no");
  await rejects(client.setTags(new Map(), []), { message: "no" });
  equal((await client.members()).length, 1);
  client.close();
});

Deno.test("RpcClient: requests may overlap", async () => {
  const { client } = await connected();
  const answers = await Promise.all([
    client.members(),
    client.stats(),
    client.join(["a"], false),
    client.members(),
  ]);
  deepEqual(answers.map((answer) => typeof answer), ["object", "object", "number", "object"]);
  client.close();
});

Deno.test("RpcClient: streams and the monitor deliver until they are stopped", async () => {
  const { client, backend } = await connected();
  const records: EventRecord[] = [];
  const lines: string[] = [];
  backend.log(LogLevel.info, "agent: before");
  const streamSeq = await client.stream("member-join", (record) => records.push(record));
  const monitorSeq = await client.monitor("info", (line) => lines.push(line));
  backend.emit({ type: "member-join", members: [fakeMember("n")] });
  backend.emit({ type: "member-leave", members: [] });
  backend.log(LogLevel.warn, "agent: after");
  await settle();
  deepEqual(lines.map((line) => line.slice(20)), ["[INFO] agent: before", "[WARN] agent: after"]);
  equal(records.length, 1);
  equal(records[0]!.get("Event"), "member-join");
  const [member] = records[0]!.get("Members") as EventRecord[];
  deepEqual(member!.get("Addr"), Uint8Array.of(127, 0, 20, 1));
  // What is on its way when we ask to stop is swallowed.
  const stopping = Promise.all([client.stop(streamSeq), client.stop(monitorSeq)]);
  backend.emit({ type: "member-join", members: [] });
  backend.log(LogLevel.warn, "agent: too late");
  await stopping;
  equal(records.length, 1);
  equal(lines.length, 2);
  client.close();
});

Deno.test("RpcClient: when the agent goes, everything open fails with 'client closed'", async () => {
  const { client, backend, session } = await connected();
  backend.gate = new Promise(() => {});
  const waiting = [client.join(["a"], false), client.members()];
  const failures = waiting.map((each) => rejects(each as Promise<unknown>, { message: "client closed" }));
  await settle();
  session.close();
  await Promise.all(failures);
  await client.closed;
  await rejects(client.members(), { message: "client closed" });
});

Deno.test("RpcClient: an agent that talks nonsense is closed", async () => {
  await rejects(connectedTo(() => new TextEncoder().encode("HTTP/1.1 400")), { message: "client closed" });
  await rejects(connectedTo(() => null), { message: "client closed" });
  // An answer to a request that was never made.
  const reply = (seq: number) => encoded((w) => encodeResponseHeader(w, seq, ""));
  const client = await connectedTo((writes) => writes === 0 ? reply(1) : Uint8Array.of(...reply(99), 0xc0));
  await rejects(client.members(), { message: "client closed" });
});

Deno.test("RpcClient.close() may be called twice, and ends the server's side", async () => {
  const { client, ended } = await connected();
  client.close();
  client.close();
  await client.closed;
  await ended;
});

Deno.test("RpcClient: events, queries, answers and keys reach the agent, and its records come back", async () => {
  const { client, backend } = await connected();
  const payload = Uint8Array.of(1);
  await client.event({ name: "deploy", payload, coalesce: true });
  const records: unknown[] = [];
  const params = { filterNodes: [], filterTags: new Map(), requestAck: true, relayFactor: 0 };
  await client.query({ name: "load", payload, ...params }, 0n, (record) => {
    records.push({ ...record, payload: [...record.payload] });
  });
  backend.querySinks[0]!.onAck("a");
  backend.querySinks[0]!.onResponse("a", payload);
  backend.querySinks[0]!.onDone();
  await settle();
  deepEqual(records, [
    { type: "ack", from: "a", payload: [] },
    { type: "response", from: "a", payload: [1] },
    { type: "done", from: "", payload: [] },
  ]);
  await rejects(client.respond(1, payload), { message: "No pending queries matching ID" });
  for (const answer of [client.installKey("AAEC"), client.useKey("AAEC"), client.removeKey("AAEC")]) {
    const { error, keys, nodeCount } = await answer;
    deepEqual([error, keys.size, nodeCount], ["", 0, 1]);
  }
  backend.keyResult = { ...backend.keyResult, keys: new Map([["AAEC", 2]]), error: "no" };
  const listed = await client.listKeys();
  deepEqual([listed.error, [...listed.keys]], ["no", [["AAEC", 2]]]);
  deepEqual(backend.calls.map(([what]) => what), ["userEvent", "query", "install", "use", "remove", "list"]);
  client.close();
  await rejects(client.listKeys(), { message: "client closed" });
});

Deno.test("RpcClient: a request about keys that is refused before it is looked at has no body", async () => {
  const { client } = await connected("sekret", "");
  await rejects(client.listKeys(), { message: "Authentication required" });
  client.close();
});
