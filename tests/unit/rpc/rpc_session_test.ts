import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { decodeMulti } from "@msgpack/msgpack";
import { LogLevel } from "../../../lib/base/ports.ts";
import * as messages from "../../../lib/rpc/messages.ts";
import { EARLY_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX } from "../../../lib/rpc/rpc_session.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { authRequest, Conversation, encoded, HANDSHAKE, request, settle } from "./conversation.ts";
import { FakeBackend, fakeMember } from "./fake_backend.ts";
import { concat } from "./fake_stream.ts";

/** What was said, as a general decoder reads it. */
const values = (bytes: Uint8Array) => [...decodeMulti(bytes)] as Record<string, unknown>[];
const ok_ = (seq: number) => ({ Error: "", Seq: seq });
const failed = (seq: number, error: string) => ({ Error: error, Seq: seq });

const join = (seq: number, ...addresses: string[]) =>
  request("join", seq, (w) => messages.encodeJoin(w, addresses, true));
const stream = (seq: number, filter: string) =>
  request("stream", seq, (w) => messages.encodeStream(w, filter));
const monitor = (seq: number, level: string) =>
  request("monitor", seq, (w) => messages.encodeMonitor(w, level));
const stop = (seq: number, stopped: number) => request("stop", seq, (w) => messages.encodeStop(w, stopped));
const filtered = (seq: number, name: string) =>
  request(
    "members-filtered",
    seq,
    (w) => messages.encodeMembersFilter(w, { tags: new Map(), status: "", name }),
  );

Deno.test("RpcSession: handshake: another version is refused, and may be followed by the right one", async () => {
  const talk = new Conversation();
  const wrong = request("handshake", 3, (w) => messages.encodeHandshake(w, 2));
  deepEqual(values(await talk.say(wrong, HANDSHAKE, HANDSHAKE, wrong)), [
    failed(3, "Unsupported IPC version"),
    ok_(1),
    failed(1, "Handshake already performed"),
    failed(3, "Unsupported IPC version"),
  ]);
  await talk.hangUp();
});

Deno.test("RpcSession: replies that wait for a slow client go before the records that wait with them", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "user"));
  talk.backend.list = Array.from({ length: 1500 }, (_, i) => fakeMember(`member-${i}`));
  talk.connection.isFetching = false;
  await talk.say(concat([3, 4, 5, 6].map((seq) => request("members", seq))));
  const payload = new Uint8Array(0);
  talk.backend.emit({ type: "user", lTime: 7, name: "x", payload, coalesce: false });
  const seqs: unknown[] = [];
  for (let round = 0; round < 6; round++) {
    talk.connection.fetch();
    await settle();
    seqs.push(...values(talk.connection.fetched()).flatMap((value) => "Seq" in value ? [value["Seq"]] : []));
  }
  deepEqual(seqs, [3, 4, 5, 6, 2]);
  talk.connection.isFetching = true;
  await talk.hangUp();
});

Deno.test("RpcSession: a command before the handshake is answered, and ends the connection", async () => {
  for (const early of [request("members", 5), request("zork", 5), authRequest(5, "")]) {
    const talk = new Conversation();
    deepEqual(values(await talk.say(concat([early, HANDSHAKE]))), [failed(5, "Handshake required")]);
    await talk.ended;
    ok(talk.connection.isClosed);
    deepEqual(talk.backend.lines, [
      "2026/11/23 03:44:02 [ERR] agent.ipc: Failed to evaluate request: Handshake required",
    ]);
  }
});

Deno.test("RpcSession: an unknown command is answered, and ends the connection", async () => {
  for (const name of ["zork", "Members", "events", "list-key", ""]) {
    const talk = await Conversation.begun();
    deepEqual(values(await talk.say(request(name, 7))), [failed(7, "Unsupported command")]);
    await talk.ended;
    ok(talk.connection.isClosed);
    match(
      talk.backend.lines.at(-1)!,
      new RegExp(`Failed to evaluate request: command '${name}' not recognized$`),
    );
  }
});

Deno.test("RpcSession: without the key everything is refused, once for each request, bodies included", async () => {
  const talk = await Conversation.begun("sekret");
  deepEqual(
    values(
      await talk.say(request("members", 2), join(3, "a"), stop(4, 1), monitor(5, "info"), request("zork", 6)),
    ),
    [2, 3, 4, 5, 6].map((seq) => failed(seq, "Authentication required")),
  );
  deepEqual(talk.backend.calls, []);
  match(talk.backend.lines[0]!, /\[WARN\] agent\.ipc: Client sending commands before auth$/);
  deepEqual(values(await talk.say(authRequest(7, "wrong"), request("stats", 8), authRequest(9, "sekret"))), [
    failed(7, "Invalid authentication token"),
    failed(8, "Authentication required"),
    ok_(9),
  ]);
  // Once in, a wrong key changes nothing.
  equal(values(await talk.say(authRequest(10, "wrong"), request("members", 11))).length, 3);
  await talk.hangUp();
});

Deno.test("RpcSession: a refused request is answered before its body comes", async () => {
  const talk = await Conversation.begun("sekret");
  deepEqual(values(await talk.say(request("join", 3))), [failed(3, "Authentication required")]);
  deepEqual(
    values(await talk.say(encoded((w) => messages.encodeJoin(w, ["a"], false)), request("stats", 4))),
    [failed(4, "Authentication required")],
  );
  await talk.hangUp();
});

Deno.test("RpcSession: a header inherits nothing from the one before", async () => {
  const talk = await Conversation.begun();
  const bare = encoded((w) => w.mapHeader(1).string("Command").string("stop"));
  deepEqual(values(await talk.say(stop(9, 1), bare, Uint8Array.of(0x80))), [ok_(9), ok_(0)]);
  const nameless = encoded((w) => w.mapHeader(1).string("Seq").uint(5));
  deepEqual(values(await talk.say(nameless)), [failed(5, "Unsupported command")]);
  await talk.ended;
});

Deno.test("RpcSession: the number is echoed exactly, up to 2^64-1", async () => {
  const talk = await Conversation.begun();
  for (const seq of [0, 255, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n + 1n, 2n ** 64n - 1n]) {
    const reply = await talk.say(request("stop", seq, (w) => messages.encodeStop(w, seq)));
    deepEqual(reply, encoded((w) => messages.encodeResponseHeader(w, seq, "")));
  }
  await talk.hangUp();
});

Deno.test("RpcSession: join passes the addresses on, and always has a body", async () => {
  const talk = await Conversation.begun();
  deepEqual(values(await talk.say(join(2, "a:1", "b"))), [ok_(2), { Num: 2 }]);
  deepEqual(values(await talk.say(join(3, "nowhere"))), [
    failed(3, "1 error occurred:\n\t* Failed to join nowhere: no\n\n"),
    { Num: 0 },
  ]);
  deepEqual(values(await talk.say(join(4))), [ok_(4), { Num: 0 }]);
  const many = values(await talk.say(join(5, ...new Array(1025).fill("a"))));
  deepEqual(many, [failed(5, "more than 1024 addresses"), { Num: 0 }]);
  deepEqual(talk.backend.calls, [["join", ["a:1", "b"], true], ["join", ["nowhere"], true]]);
  await talk.hangUp();
});

Deno.test("RpcSession: force-leave and tags pass their arguments on, and report failures", async () => {
  const talk = await Conversation.begun();
  const leave = (seq: number) => request("force-leave", seq, (w) => messages.encodeForceLeave(w, "n", true));
  const tags = (seq: number) =>
    request("tags", seq, (w) => messages.encodeTags(w, new Map([["a", "1"]]), ["b"]));
  deepEqual(values(await talk.say(leave(2), tags(3))), [ok_(2), ok_(3)]);
  deepEqual(talk.backend.calls, [["forceLeave", "n", true], ["setTags", new Map([["a", "1"]]), ["b"]]]);
  talk.backend.failure = new Error("timed out broadcasting node removal");
  deepEqual(values(await talk.say(leave(4))), [failed(4, "timed out broadcasting node removal")]);
  talk.backend.failure = new Error("");
  deepEqual(values(await talk.say(tags(5))), [failed(5, "unknown error")]); // "" would be success
  await talk.hangUp();
});

Deno.test("RpcSession: leave answers when the leave is over, then ends the agent and the connection", async () => {
  const talk = await Conversation.begun();
  const gate = Promise.withResolvers<void>();
  talk.backend.gate = gate.promise;
  equal((await talk.say(request("leave", 2), request("members", 3))).length, 0);
  match(talk.backend.lines.at(-1)!, /\[INFO\] agent\.ipc: Graceful leave triggered$/);
  talk.connection.isFetching = false;
  gate.resolve();
  await settle();
  deepEqual(talk.backend.calls, [["leave"]]); // not ended while the answer is on its way
  talk.connection.fetch();
  await talk.ended;
  deepEqual(values(talk.connection.fetched()), [ok_(2)]);
  deepEqual(talk.backend.calls, [["leave"], ["shutdown"]]);
  ok(talk.connection.isClosed);
});

Deno.test("RpcSession: a leave that fails is reported, and ends the agent all the same", async () => {
  const talk = await Conversation.begun();
  talk.backend.failure = new Error("timeout");
  deepEqual(values(await talk.say(request("leave", 2))), [failed(2, "timeout")]);
  await talk.ended;
  match(talk.backend.lines.at(-1)!, /\[ERR\] agent\.ipc: leave failed: timeout$/);
  deepEqual(talk.backend.calls, [["leave"], ["shutdown"]]);
});

Deno.test("RpcSession: leave does not wait for ever for a client that does not fetch the answer", async () => {
  const talk = await Conversation.begun();
  talk.connection.isFetching = false;
  await talk.say(request("leave", 2));
  deepEqual(talk.backend.calls, [["leave"]]);
  talk.clock.expire();
  await talk.ended;
  deepEqual(talk.backend.calls, [["leave"], ["shutdown"]]);
});

Deno.test("RpcSession: stats and get-coordinate say what the agent says", async () => {
  const talk = await Conversation.begun();
  talk.backend.coordinates.set("x", { vec: [1, 2], error: 0.5, adjustment: 0.25, height: 0.125 });
  const ask = (seq: number, node: string) =>
    request("get-coordinate", seq, (w) => messages.encodeCoordinateRequest(w, node));
  deepEqual(values(await talk.say(request("stats", 2), ask(3, "x"), ask(4, "y"))), [
    ok_(2),
    { agent: { name: "x" }, event_handlers: {} },
    ok_(3),
    { Coord: { Adjustment: 0.25, Error: 0.5, Height: 0.125, Vec: [1, 2] }, Ok: true },
    ok_(4),
    { Coord: { Adjustment: 0, Error: 0, Height: 0, Vec: null }, Ok: false },
  ]);
  await talk.hangUp();
});

Deno.test("RpcSession: a bad expression is answered, and the connection lives", async () => {
  const talk = await Conversation.begun();
  talk.connection.send(filtered(2, "("), filtered(3, "[x]"));
  const [header, body, second, found] = values(await talk.hangUp());
  deepEqual(header, failed(2, "Failed to compile regex: error parsing regexp: missing closing ): `^($`"));
  deepEqual(body, { Members: [] });
  deepEqual(second, ok_(3));
  equal((found!["Members"] as unknown[]).length, 1);
});

Deno.test("RpcSession: the answers to pipelined requests go out in one write", async () => {
  const talk = await Conversation.begun();
  const writes = talk.connection.writes;
  const answers = values(
    await talk.say(concat(Array.from({ length: 100 }, (_, i) => request("members", i)))),
  );
  equal(talk.connection.writes - writes, 1);
  deepEqual(answers.filter((_, i) => i % 2 === 0), Array.from({ length: 100 }, (_, i) => ok_(i)));
  equal(talk.context.counters.commands, 101);
  await talk.hangUp();
});

Deno.test("RpcSession: requests wait for the one before, however long it takes", async () => {
  const talk = await Conversation.begun();
  const gate = Promise.withResolvers<void>();
  talk.backend.gate = gate.promise;
  equal((await talk.say(concat([join(2, "a"), join(3, "b"), stop(4, 1)]), stop(5, 1))).length, 0);
  equal(talk.backend.calls.length, 1);
  equal(talk.connection.unread, 1); // not even read
  gate.resolve();
  await settle();
  deepEqual(values(talk.connection.fetched()), [ok_(2), { Num: 1 }, ok_(3), { Num: 1 }, ok_(4), ok_(5)]);
  await talk.hangUp();
});

Deno.test("RpcSession: a client that goes away while it waits is forgotten when the wait is over", async () => {
  const talk = await Conversation.begun();
  const gate = Promise.withResolvers<void>();
  talk.backend.gate = gate.promise;
  await talk.say(join(2, "a"));
  talk.session.close();
  gate.resolve();
  await talk.ended;
  equal(talk.connection.fetched().length, 0);
});

Deno.test("RpcSession: a stream delivers what its filter lets through, to each stream once", async () => {
  const talk = await Conversation.begun();
  deepEqual(
    values(await talk.say(stream(2, "member-join,*"), stream(3, "member-leave"), stream(4, "user"))),
    [
      ok_(2),
      ok_(3),
      ok_(4),
    ],
  );
  talk.backend.emit({ type: "member-leave", members: [fakeMember("a"), fakeMember("b")] });
  talk.backend.emit({ type: "member-failed", members: [fakeMember("c")] });
  await settle();
  const records = values(talk.connection.fetched());
  deepEqual(records.filter((_, i) => i % 2 === 0), [ok_(2), ok_(3), ok_(2)]);
  deepEqual(
    records.filter((_, i) => i % 2 === 1).map((body) => [
      body["Event"],
      (body["Members"] as { Name: string }[]).map((member) => member.Name),
    ]),
    [["member-leave", ["a", "b"]], ["member-leave", ["a", "b"]], ["member-failed", ["c"]]],
  );
  await talk.hangUp();
});

Deno.test("RpcSession: stop ends a stream, and its number may be used again", async () => {
  const talk = await Conversation.begun();
  deepEqual(values(await talk.say(stream(2, "*"), stream(2, "*"))), [
    ok_(2),
    failed(2, "Stream with given sequence exists"),
  ]);
  // What was emitted before the stop but not yet sent is not sent any more.
  talk.backend.emit({ type: "member-join", members: [] });
  talk.session.onBytes(stop(3, 2));
  talk.backend.emit({ type: "member-join", members: [] });
  deepEqual(values(await talk.say()), [ok_(3)]);
  equal(talk.backend.listenerCount, 0);
  deepEqual(values(await talk.say(stream(2, "*"))), [ok_(2)]);
  equal(talk.backend.listenerCount, 1);
  await talk.hangUp();
});

Deno.test("RpcSession: a connection has a bounded number of streams", async () => {
  const talk = await Conversation.begun();
  await talk.say(concat(Array.from({ length: 1024 }, (_, i) => stream(i, "user"))));
  deepEqual(values(await talk.say(stream(5000, "user"))), [failed(5000, "More than 1024 streams")]);
  await talk.hangUp();
});

Deno.test("RpcSession: monitor sends what is remembered, then what comes, after its answer", async () => {
  const talk = await Conversation.begun();
  const { backend } = talk;
  backend.log(LogLevel.debug, "agent: too detailed");
  backend.log(LogLevel.info, "agent: before");
  deepEqual(values(await talk.say(monitor(2, "inFo"))), [
    ok_(2),
    ok_(2),
    { Log: "2026/11/23 03:44:02 [INFO] agent: before" },
  ]);
  backend.log(LogLevel.debug, "agent: too detailed");
  backend.log(LogLevel.error, "agent: after");
  deepEqual(values(await talk.say(monitor(3, "err"), stop(4, 2))), [
    ok_(2),
    { Log: "2026/11/23 03:44:02 [ERR] agent: after" },
    failed(3, "Monitor already exists"),
    ok_(4),
  ]);
  equal(backend.logRing.subscriberCount, 0);
  deepEqual(values(await talk.say(monitor(5, "err"))).slice(0, 1), [ok_(5)]);
  deepEqual(values(await talk.say(monitor(6, "zork"))), [failed(6, "Unknown log level: ZORK")]);
  await talk.hangUp();
});

Deno.test("RpcSession: the whole backlog of the log ring fits", async () => {
  const talk = await Conversation.begun();
  for (let i = 0; i < 600; i++) talk.backend.log(LogLevel.info, `agent: ${i}`);
  const said = values(await talk.say(monitor(2, "info")));
  equal(said.length, 1 + 2 * 512);
  equal(said.at(-1)!["Log"], "2026/11/23 03:44:02 [INFO] agent: 599");
  equal(talk.context.counters.logsDropped, 0);
  await talk.hangUp();
});

Deno.test("RpcSession: a burst within one turn is not lost on a client that reads", async () => {
  const talk = await Conversation.begun();
  await talk.say(monitor(2, "info"), stream(3, "*"));
  for (let i = 0; i < 5000; i++) {
    talk.backend.log(LogLevel.info, `agent: ${i}`);
    talk.backend.emit({ type: "member-join", members: [] });
  }
  equal(values(await talk.say()).length, 20_000);
  equal(talk.context.counters.logsDropped + talk.context.counters.eventsDropped, 0);
  await talk.hangUp();
});

Deno.test("RpcSession: records come between answers, and tear none apart", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "*"));
  const gate = Promise.withResolvers<void>();
  talk.backend.gate = gate.promise;
  talk.connection.send(join(3, "a"), request("members", 4));
  for (let i = 0; i < 5; i++) {
    talk.backend.emit({ type: "member-join", members: [fakeMember(`n${i}`)] });
    await settle();
  }
  gate.resolve();
  await settle();
  const said = values(talk.connection.fetched());
  for (let i = 0; i < said.length; i += 2) {
    ok("Seq" in said[i]! && "Error" in said[i]!);
    ok(!("Seq" in said[i + 1]!));
  }
  deepEqual(said.filter((_, i) => i % 2 === 0).map((header) => header["Seq"]), [2, 2, 2, 2, 2, 3, 4]);
  await talk.hangUp();
});

Deno.test("RpcSession: a client that does not fetch its answers is read no further", async () => {
  const backend = new FakeBackend();
  for (let i = 0; i < 1000; i++) backend.list.push(fakeMember(`node-${i}`));
  const talk = await Conversation.begun("", backend);
  talk.connection.isFetching = false;
  const chunk = concat(Array.from({ length: 50 }, (_, i) => request("members", i)));
  await talk.say(chunk, chunk);
  const oneAnswer = 150_000;
  ok(talk.connection.queuedMax < (1 << 18) + oneAnswer, `${talk.connection.queuedMax} bytes wait`);
  equal(talk.connection.unread, 1);
  talk.connection.isFetching = true;
  talk.connection.fetch();
  await settle();
  const headers = values(talk.connection.fetched()).filter((_, i) => i % 2 === 0);
  deepEqual(headers, Array.from({ length: 100 }, (_, i) => ok_(i % 50)));
  await talk.hangUp();
});

Deno.test("RpcSession: a slow client loses events beyond 512 and a mebibyte, and nothing else", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "*"));
  talk.connection.isFetching = false;
  const member = fakeMember("n".repeat(1000));
  for (let i = 0; i < 5000; i++) {
    talk.backend.emit({ type: "member-join", members: [{ ...member, port: i }] });
    if (i % 100 === 0) await settle();
  }
  ok(talk.connection.queuedMax < (1 << 18) + (1 << 16) + 2000, `${talk.connection.queuedMax} bytes wait`);
  talk.connection.isFetching = true;
  talk.connection.fetch();
  await settle();
  const records = values(talk.connection.fetched());
  const ports = records.filter((_, i) => i % 2 === 1).map((body) =>
    (body["Members"] as { Port: number }[])[0]!.Port
  );
  deepEqual(ports, ports.map((_, i) => i)); // the first ones, in order
  equal(ports.length + talk.context.counters.eventsDropped, 5000);
  ok(ports.length > 512 && ports.length < 1200, `${ports.length} arrived`);
  const warnings = talk.backend.lines.filter((line) =>
    line.includes("Dropping event to ipc.client: 127.0.0.1:50000")
  );
  equal(warnings.length, 5);
  deepEqual(values(await talk.say(stop(3, 1))), [ok_(3)]);
  await talk.hangUp();
});

Deno.test("RpcSession: other clients do not notice a slow one", async () => {
  const slow = await Conversation.begun();
  await slow.say(stream(2, "*"), monitor(3, "debug"));
  slow.connection.isFetching = false;
  const quick = await Conversation.begun("", slow.backend, slow.context);
  await quick.say(stream(2, "*"));
  for (let i = 0; i < 3000; i++) {
    slow.backend.emit({ type: "member-join", members: [fakeMember("n".repeat(500))] });
    if (i % 100 === 0) await settle();
  }
  ok(slow.context.counters.eventsDropped > 0);
  equal(values(await quick.say()).length, 6000);
  slow.session.close();
  await quick.hangUp();
});

Deno.test("RpcSession: the report of lost log lines does not feed itself", async () => {
  const talk = await Conversation.begun();
  await talk.say(monitor(2, "debug"));
  talk.connection.isFetching = false;
  for (let i = 0; i < 20_000; i++) {
    talk.backend.log(LogLevel.info, `agent: line ${i} ${"x".repeat(100)}`);
    if (i % 100 === 0) await settle();
  }
  const warnings = () =>
    talk.backend.lines.filter((line) => line.includes("Dropping logs to ipc.client")).length;
  ok(talk.context.counters.logsDropped > 10_000);
  ok(warnings() >= 1 && warnings() <= 5, `${warnings()} warnings`);
  // Nothing happens any more but time: no line follows from a line.
  const before = talk.backend.lines.length;
  for (let i = 0; i < 100; i++) {
    talk.clock.now += 60_000;
    await settle();
  }
  equal(talk.backend.lines.length, before);
  // One line more, long after: one warning, which is lost too, and the matter ends there.
  talk.backend.log(LogLevel.info, "agent: once more");
  equal(talk.backend.lines.length, before + 2);
  match(talk.backend.lines.at(-1)!, /\(\d+ more lines suppressed\)$/);
  talk.session.close();
  await talk.ended;
});

Deno.test("RpcSession: streams and monitor end with the connection", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "*"), stream(3, "user"), monitor(4, "info"));
  equal(talk.backend.listenerCount, 1);
  equal(talk.backend.logRing.subscriberCount, 1);
  await talk.hangUp();
  equal(talk.backend.listenerCount, 0);
  equal(talk.backend.logRing.subscriberCount, 0);
});

Deno.test("RpcSession: what is no request ends the connection, with a line in the log", async () => {
  const header = /\[ERR\] agent\.ipc: failed to decode request header: /;
  const body = /\[ERR\] agent\.ipc: Failed to evaluate request: decode failed: /;
  const text = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  const badBody = (command: string) => request(command, 2, (w: MsgpackWriter) => w.string("no struct"));
  for (
    const [bytes, line] of [
      [text, header],
      [Uint8Array.of(0xc1), header],
      [Uint8Array.of(0xc3), header],
      [badBody("join"), body],
      [badBody("tags"), body],
      [badBody("members-filtered"), body],
      [badBody("stream"), body],
      [concat([request("stop", 1), Uint8Array.of(0xc1)]), body],
    ] as const
  ) {
    const talk = await Conversation.begun();
    equal((await talk.say(bytes)).length, 0);
    await talk.ended;
    ok(talk.connection.isClosed);
    match(talk.backend.lines.at(-1)!, line);
    equal(talk.context.counters.malformed, 1);
    deepEqual(talk.backend.calls, []);
  }
});

Deno.test("RpcSession: answers before the malformed request are sent", async () => {
  const talk = await Conversation.begun();
  deepEqual(values(await talk.say(concat([stop(2, 1), stop(3, 1), Uint8Array.of(0xc1)]))), [ok_(2), ok_(3)]);
  await talk.ended;
});

Deno.test("RpcSession: a request has at most a mebibyte, and before authentication less", async () => {
  const announce = (size: number) => concat([Uint8Array.of(0x81, 0xa1, 65, 0xc6), bigEndian(size)]);
  for (const [authKey, limit] of [["", REQUEST_BYTES_MAX], ["sekret", EARLY_REQUEST_BYTES_MAX]] as const) {
    const within = await Conversation.begun(authKey);
    await within.say(announce(limit - 100));
    ok(!within.connection.isClosed);
    await within.hangUp();
    const beyond = await Conversation.begun(authKey);
    await beyond.say(announce(limit));
    await beyond.ended;
    match(beyond.backend.lines.at(-1)!, /header: the message exceeds \d+ bytes$/);
  }
});

Deno.test("RpcSession: the end of the stream is an error only within a request", async () => {
  const cases: [Uint8Array, RegExp | undefined][] = [
    [new Uint8Array(0), undefined],
    [request("members", 2), undefined],
    [Uint8Array.of(0x82, 0xa7), /failed to decode request header: unexpected EOF$/],
    [request("tags", 2), /Failed to evaluate request: decode failed: EOF$/],
    [concat([request("tags", 2), Uint8Array.of(0x81, 0xa4)]), /decode failed: unexpected EOF$/],
  ];
  for (const [bytes, line] of cases) {
    const talk = await Conversation.begun();
    if (bytes.length > 0) talk.connection.send(bytes);
    await talk.hangUp();
    if (line === undefined) deepEqual(talk.backend.lines, []);
    else match(talk.backend.lines.at(-1)!, line);
  }
});

Deno.test("RpcSession: a bug of the agent's ends the connection, not the server", async () => {
  const talk = await Conversation.begun();
  talk.backend.members = () => {
    throw new Error("oops");
  };
  deepEqual(values(await talk.say(concat([stop(2, 1), request("members", 3), stop(4, 1)]))), [ok_(2)]);
  await talk.ended;
  match(talk.backend.lines.at(-1)!, /Failed to evaluate request: oops$/);
});

Deno.test("RpcSession: hostile clients cannot flood the log", async () => {
  const first = new Conversation("sekret");
  await first.hangUp();
  for (let i = 0; i < 300; i++) {
    const talk = new Conversation("sekret", first.backend, first.context);
    talk.connection.send(HANDSHAKE, request("members", 2), Uint8Array.of(0xc1));
    await talk.hangUp();
  }
  equal(first.context.counters.malformed, 300);
  ok(first.backend.lines.length <= 20, `${first.backend.lines.length} lines`);
});

function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
