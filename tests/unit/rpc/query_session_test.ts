/** Sessions: user events, queries, answers and keys. */
import { deepEqual, equal, match, ok } from "../../support/assert.ts";
import { decodeMulti } from "@msgpack/msgpack";
import { encodeKey } from "../../../lib/rpc/key_messages.ts";
import * as messages from "../../../lib/rpc/messages.ts";
import { PENDING_QUERIES_MAX } from "../../../lib/rpc/pending_queries.ts";
import * as queries from "../../../lib/rpc/query_messages.ts";
import type { QueryEvent, UserEvent } from "../../../lib/serf/events.ts";
import { Conversation, request, settle } from "./conversation.ts";

const values = (bytes: Uint8Array) => [...decodeMulti(bytes)] as Record<string, unknown>[];
const done = (seq: number) => ({ Error: "", Seq: seq });
const failed = (seq: number, error: string) => ({ Error: error, Seq: seq });
const text = (word: string) => new TextEncoder().encode(word);
/** Room for every field that the tests want to set. */
const QUESTION = {
  filterNodes: ["n"],
  filterTags: new Map([["role", "w.*"]]),
  requestAck: true,
  relayFactor: 2,
  name: "load",
  payload: text("now"),
};

const event = (seq: number, name: string, payload = text("x"), coalesce = true) =>
  request("event", seq, (w) => queries.encodeEvent(w, { name, payload, coalesce }));
const query = (seq: number, timeoutNs = 0n, more: Partial<typeof QUESTION> = {}) =>
  request("query", seq, (w) => queries.encodeQuery(w, { ...QUESTION, ...more }, timeoutNs));
const respond = (seq: number, id: messages.Seq, payload = text("answer")) =>
  request("respond", seq, (w) => queries.encodeRespond(w, id, payload));
const stream = (seq: number, filter: string) =>
  request("stream", seq, (w) => messages.encodeStream(w, filter));
const key = (command: string, seq: number, word: string) => request(command, seq, (w) => encodeKey(w, word));

function userEvent(name: string, more: Partial<UserEvent> = {}): UserEvent {
  return { type: "user", lTime: 7, name, payload: text("p"), coalesce: false, ...more };
}

function queryEvent(name: string, more: Partial<QueryEvent> = {}): QueryEvent {
  const answers = { respond: () => {} };
  const about = { lTime: 9, id: 1, name, payload: text("p"), sourceNode: "n", deadlineMs: 5_000 };
  return { type: "query", ...about, ...answers, ...more };
}

Deno.test("RpcSession: event passes everything on, and reports what is refused", async () => {
  const talk = await Conversation.begun();
  const bare = request("event", 4, (w) => w.mapHeader(0));
  deepEqual(values(await talk.say(event(2, "deploy"), event(3, "", new Uint8Array(0), false), bare)), [
    done(2),
    done(3),
    done(4),
  ]);
  deepEqual(talk.backend.calls, [
    ["userEvent", "deploy", text("x"), true],
    ["userEvent", "", new Uint8Array(0), false],
    ["userEvent", "", new Uint8Array(0), false],
  ]);
  talk.backend.failure = new Error("too big");
  deepEqual(values(await talk.say(event(5, "deploy"))), [failed(5, "too big")]);
  await talk.hangUp();
});

Deno.test("RpcSession: query sends its answers between other replies, and one end", async () => {
  const talk = await Conversation.begun();
  deepEqual(values(await talk.say(query(2, 1_500_000n), query(3))), [done(2), done(3)]);
  const { name, payload, ...params } = QUESTION;
  deepEqual(talk.backend.calls, [
    ["query", name, payload, { ...params, timeoutMs: 1.5 }],
    ["query", name, payload, { ...params, timeoutMs: 0 }],
  ]);
  const [first, second] = talk.backend.querySinks;
  first!.onAck("a");
  second!.onAck("b");
  first!.onResponse("a", text("up"));
  first!.onResponse("c", new Uint8Array(0));
  first!.onDone();
  await settle();
  deepEqual(values(talk.connection.fetched()), [
    done(2),
    { From: "a", Payload: null, Type: "ack" },
    done(3),
    { From: "b", Payload: null, Type: "ack" },
    done(2),
    { From: "a", Payload: text("up"), Type: "response" },
    done(2),
    { From: "c", Payload: null, Type: "response" },
    done(2),
    { From: "", Payload: null, Type: "done" },
  ]);
  equal(talk.session.queries.size, 1);
  await talk.hangUp();
  second!.onAck("late");
  second!.onDone();
  equal(talk.session.heldBytes, 0);
  equal(talk.connection.fetched().length, 0);
});

Deno.test("RpcSession: the queries of a client that is gone are over, but for those that were before", async () => {
  const talk = await Conversation.begun();
  await talk.say(query(2, 0n, { name: "short" }), query(3, 2n ** 62n, { name: "long" }));
  talk.backend.querySinks[0]!.onDone();
  talk.backend.calls.length = 0;
  await talk.hangUp();
  deepEqual(talk.backend.calls, [["cancel", "long"]]);
});

Deno.test("RpcSession: no result of a query comes before the query's own reply", async () => {
  const talk = await Conversation.begun();
  const ask = talk.backend.query.bind(talk.backend);
  talk.backend.query = (name, payload, params, sink) => {
    const running = ask(name, payload, params, sink);
    sink.onAck("x");
    return running;
  };
  deepEqual(values(await talk.say(query(2))), [done(2), done(2), { From: "x", Payload: null, Type: "ack" }]);
  await talk.hangUp();
});

Deno.test("RpcSession: a query's timeout may be negative, or longer than numbers are exact", async () => {
  const talk = await Conversation.begun();
  await talk.say(query(2, -1_000_000n), query(3, 2n ** 62n));
  const timeouts = talk.backend.calls.map((call) => (call[3] as { timeoutMs: number }).timeoutMs);
  deepEqual(timeouts, [-1, Number.MAX_SAFE_INTEGER / 1e6]);
  await talk.hangUp();
});

Deno.test("RpcSession: a query that is refused is told of, and forgotten", async () => {
  const talk = await Conversation.begun();
  talk.backend.failure = new Error("query exceeds limit of 1024 bytes");
  deepEqual(values(await talk.say(query(2))), [failed(2, "query exceeds limit of 1024 bytes")]);
  equal(talk.session.queries.size, 0);
  await talk.hangUp();
});

Deno.test("RpcSession: a connection has a bounded number of queries that run", async () => {
  const talk = await Conversation.begun();
  const replies = values(await talk.say(...Array.from({ length: 513 }, (_, i) => query(i + 2))));
  equal(replies.length, 513);
  deepEqual(replies.at(-1), failed(514, "More than 512 queries"));
  talk.backend.querySinks[0]!.onDone();
  await settle();
  talk.connection.fetched();
  deepEqual(values(await talk.say(query(600))), [done(600)]);
  await talk.hangUp();
});

Deno.test("RpcSession: a slow client loses results beyond a bound, never the end of a query", async () => {
  const talk = await Conversation.begun();
  talk.connection.isFetching = false;
  await talk.say(query(2));
  const sink = talk.backend.querySinks[0]!;
  const large = new Uint8Array(1000);
  for (let i = 0; i < 3000; i++) sink.onResponse(`n${i}`, large);
  sink.onDone();
  await settle();
  const lost = talk.context.counters.resultsDropped;
  ok(lost > 1000, `${lost}`);
  match(talk.backend.lines.at(-1)!, /Dropping query results to ipc\.client: /);
  talk.connection.isFetching = true;
  talk.connection.fetch();
  await settle();
  const received = values(talk.connection.fetched());
  equal(received.length, 1 + 2 * (3000 - lost + 1));
  deepEqual(received.at(-1), { From: "", Payload: null, Type: "done" });
  await talk.hangUp();
});

Deno.test("RpcSession: streams tell of user events and queries that pass the filter", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "user:deploy,query"), stream(3, "user"), stream(4, "member-join"));
  talk.backend.emit(userEvent("deploy"));
  talk.backend.emit(userEvent("other", { payload: new Uint8Array(0), coalesce: true }));
  talk.backend.emit(queryEvent("load", { payload: new Uint8Array(0) }));
  await settle();
  const deploy = { Coalesce: false, Event: "user", LTime: 7, Name: "deploy", Payload: text("p") };
  deepEqual(values(talk.connection.fetched()), [
    done(2),
    deploy,
    done(3),
    deploy,
    done(3),
    { Coalesce: true, Event: "user", LTime: 7, Name: "other", Payload: null },
    done(2),
    { Event: "query", ID: 1, LTime: 9, Name: "load", Payload: null },
  ]);
  await talk.hangUp();
});

Deno.test("RpcSession: respond answers a query that a stream told of, by the connection's own number", async () => {
  const talk = await Conversation.begun();
  const other = await Conversation.begun("", talk.backend, talk.context);
  await talk.say(stream(2, "query"), stream(3, "*"));
  await other.say(stream(2, "query"));
  const answers: string[] = [];
  const answering = (which: string) => ({
    respond: (payload: Uint8Array) => void answers.push(`${which}: ${new TextDecoder().decode(payload)}`),
  });
  talk.backend.emit(queryEvent("load", answering("load")));
  talk.backend.emit(queryEvent("df", answering("df")));
  await settle();
  const ids = values(talk.connection.fetched()).map((value) => value["ID"]).filter((id) => id !== undefined);
  deepEqual(ids, [1, 2, 3, 4]);
  deepEqual(values(await talk.say(respond(5, 2), respond(6, 4), respond(7, 5), respond(8, 0))), [
    done(5),
    done(6),
    failed(7, "No pending queries matching ID"),
    failed(8, "No pending queries matching ID"),
  ]);
  // What is 3 here is 2 there.
  await other.say(respond(3, 2, text("there")));
  deepEqual(answers, ["load: answer", "df: answer", "df: there"]);
  await talk.hangUp();
  equal(talk.session.pendingQueries.size, 0);
  await other.hangUp();
});

Deno.test("RpcSession: respond reports what the query says, and that its time is over", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "query"));
  talk.backend.emit(queryEvent("load", {
    respond: () => {
      throw new Error("response already sent");
    },
  }));
  deepEqual(values(await talk.say(respond(3, 1))).at(-1), {
    Error: "failed to respond to key query: response already sent",
    Seq: 3,
  });
  talk.clock.now = 5_000;
  deepEqual(values(await talk.say(respond(4, 1))), [failed(4, "No pending queries matching ID")]);
  await talk.hangUp();
});

Deno.test("RpcSession: queries that nobody answers are forgotten in time, and above a bound", async () => {
  const talk = await Conversation.begun();
  await talk.say(stream(2, "query"));
  const emit = async (count: number, deadlineMs: number) => {
    for (let i = 0; i < count; i++) {
      talk.backend.emit(queryEvent("load", { deadlineMs }));
      if (i % 200 === 0) await settle();
    }
    await settle();
    talk.connection.fetched();
  };
  await emit(PENDING_QUERIES_MAX + 10, 5_000);
  equal(talk.session.pendingQueries.size, PENDING_QUERIES_MAX);
  deepEqual(values(await talk.say(respond(3, 10), respond(4, 11))), [
    failed(3, "No pending queries matching ID"),
    done(4),
  ]);
  talk.clock.now = 5_000;
  await emit(1, 9_000);
  equal(talk.session.pendingQueries.size, 1);
  await talk.hangUp();
});

Deno.test("RpcSession: keys are passed on; the answer has its body", async () => {
  const talk = await Conversation.begun();
  const body = { Keys: null, Messages: {}, NumErr: 0, NumNodes: 1, NumResp: 1 };
  const KEY = "AAEC";
  const said = await talk.say(
    key("install-key", 2, KEY),
    key("use-key", 3, KEY),
    key("remove-key", 4, KEY),
    request("list-keys", 5),
  );
  deepEqual(values(said), [
    ...[2, 3, 4].flatMap((seq) => [done(seq), body]),
    done(5),
    { ...body, Keys: {} },
  ]);
  deepEqual(talk.backend.calls, [["install", KEY], ["use", KEY], ["remove", KEY], ["list"]]);
  await talk.hangUp();
});

Deno.test("RpcSession: failures about keys come with what the nodes said", async () => {
  const talk = await Conversation.begun();
  talk.backend.keyResult = {
    messages: new Map([["n", "no"]]),
    keys: new Map([["AAEC", 2]]),
    nodeCount: 3,
    errorCount: 1,
    responseCount: 2,
    error: "1/3 nodes reported failure",
  };
  const counts = { Messages: { n: "no" }, NumErr: 1, NumNodes: 3, NumResp: 2 };
  deepEqual(values(await talk.say(key("use-key", 2, "AAEC"), request("list-keys", 3))), [
    failed(2, "1/3 nodes reported failure"),
    { Keys: null, ...counts },
    failed(3, "1/3 nodes reported failure"),
    { Keys: { AAEC: 2 }, ...counts },
  ]);
  const nobody = { Keys: null, Messages: {}, NumErr: 0, NumNodes: 0, NumResp: 0 };
  talk.backend.failure = new Error("too many");
  deepEqual(values(await talk.say(key("remove-key", 5, "AAEC"))), [failed(5, "too many"), nobody]);
  await talk.hangUp();
});
