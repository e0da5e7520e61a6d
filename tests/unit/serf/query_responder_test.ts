import { deepEqual, equal, throws } from "../../support/assert.ts";
import { decodeConflictResponse } from "../../../lib/serf/conflict_message.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import {
  decodeQueryResponse,
  encodeFilter,
  type QueryFilter,
  type QueryMessage,
} from "../../../lib/serf/query_messages.ts";
import { ascii, makeNode } from "./fakes.ts";
import { partsFixture, queryMessage } from "./parts.ts";

function ask(f: ReturnType<typeof partsFixture>, fields: Partial<QueryMessage>) {
  f.router.onMessage(queryMessage(fields));
  return f.sent.map(({ to, message: bytes }) => {
    equal(bytes[0], 8);
    equal(bytes[1], 5);
    return { to, ...decodeQueryResponse(bytes, 2, bytes.length) };
  });
}

const filters = (...list: QueryFilter[]) => list.map(encodeFilter);

Deno.test("D.5: a query that wants an ack gets one at once, straight to its originator", () => {
  deepEqual(ask(partsFixture(), { flags: 1 }), [
    { to: "127.0.0.2:7000", lTime: 5, id: 77, from: "me", flags: 1, payload: null },
  ]);
});

Deno.test("D.5: a query that wants no ack gets none, and one with timeout 0 still does", () => {
  equal(ask(partsFixture(), { flags: 0 }).length, 0);
  equal(ask(partsFixture(), { flags: 1, timeoutNs: 0 }).length, 1);
});

Deno.test("D.5: node filters must all name us", () => {
  const nodes = (...names: string[]): QueryFilter => ({ kind: "nodes", names });
  equal(ask(partsFixture(), { flags: 1, filters: filters(nodes("a", "me")) }).length, 1);
  equal(ask(partsFixture(), { flags: 1, filters: filters(nodes("a")) }).length, 0);
  equal(ask(partsFixture(), { flags: 1, filters: filters(nodes("me"), nodes("a")) }).length, 0);
  equal(ask(partsFixture(), { flags: 1, filters: filters(nodes()) }).length, 0);
});

Deno.test("D.5: tag filters match anywhere in the value, and a missing tag is the empty text", () => {
  const tag = (name: string, expr: string): QueryFilter => ({ kind: "tag", tag: name, expr });
  const acks = (...list: QueryFilter[]) => {
    const f = partsFixture();
    f.world.tags = new Map([["role", "database"], ["dc", "eu"]]);
    return ask(f, { flags: 1, filters: filters(...list) }).length;
  };
  equal(acks(tag("role", "tab")), 1);
  equal(acks(tag("role", "^tab")), 0);
  equal(acks(tag("none", ".*")), 1);
  equal(acks(tag("none", ".+")), 0);
  equal(acks(tag("role", "data"), tag("dc", "eu")), 1);
  equal(acks(tag("role", "data"), tag("dc", "us")), 0);
  equal(acks({ kind: "nodes", names: ["me"] }, tag("dc", "us")), 0);
});

Deno.test("D.5: more tag filters than anybody needs are not for us: each costs time", () => {
  const many = (count: number) =>
    filters(...Array.from({ length: count }, (): QueryFilter => ({ kind: "tag", tag: "x", expr: "" })));
  equal(ask(partsFixture(), { flags: 1, filters: many(8) }).length, 1);
  equal(ask(partsFixture(), { flags: 1, filters: many(9) }).length, 0);
});

Deno.test("D.5: more filters than anybody types are not for us", () => {
  const many = (count: number) =>
    filters(...Array.from({ length: count }, (): QueryFilter => ({ kind: "nodes", names: ["me"] })));
  equal(ask(partsFixture(), { flags: 1, filters: many(256) }).length, 1);
  equal(ask(partsFixture(), { flags: 1, filters: many(257) }).length, 0);
});

Deno.test("D.5: an expression that is none matches nobody, and is warned of", () => {
  const f = partsFixture();
  const tag: QueryFilter = { kind: "tag", tag: "role", expr: "(" };
  equal(ask(f, { flags: 1, filters: filters(tag) }).length, 0);
  deepEqual(f.logger.matching("WARN"), [
    "WARN serf: failed to compile filter regex ((): no regular expression",
  ]);
});

Deno.test("D.5: a broken and an unknown filter count as not meant for us", () => {
  for (
    const filter of [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(0, 0x92), Uint8Array.of(7, 0x90)]
  ) {
    const f = partsFixture();
    equal(ask(f, { flags: 1, filters: [filter] }).length, 0);
    equal(f.router.malformed, 0);
    equal(f.queued().length, 1);
  }
});

Deno.test("D.5: an originator without a usable address gets nothing", () => {
  equal(ask(partsFixture(), { flags: 1, addr: new Uint8Array(0) }).length, 0);
  equal(ask(partsFixture(), { flags: 1, addr: new Uint8Array(5) }).length, 0);
  equal(ask(partsFixture(), { flags: 1, port: 0 }).length, 0);
});

Deno.test("D.5: a v4-mapped originator is answered", () => {
  const addr = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 9);
  equal(ask(partsFixture(), { flags: 1, addr })[0]!.to, "127.0.0.9:7000");
});

Deno.test("D.10: asked about a member, we say what we know of it", () => {
  const f = partsFixture();
  const tags = Uint8Array.of(0xff, 0x81, 0xa1, 0x6b, 0xa1, 0x76);
  f.delegate.onNodeJoin(makeNode("twin", "127.0.0.7", 7007, tags));
  f.table.setStatus(f.table.get("twin")!, MemberStatus.leaving);
  const [answer, ...more] = ask(f, { name: "_serf_conflict", payload: ascii("twin") });
  equal(more.length, 0);
  equal(answer!.flags, 0);
  equal(answer!.payload![0], 6);
  deepEqual(decodeConflictResponse(answer!.payload!, 1, answer!.payload!.length), {
    name: "twin",
    ip: Uint8Array.of(127, 0, 0, 7),
    port: 7007,
    tags: new Map([["k", "v"]]),
    status: MemberStatus.leaving,
    versions: { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 },
  });
  equal(f.logger.matching("DEBUG serf: Got conflict resolution query for 'twin'").length, 1);
});

Deno.test("D.10: asked about a stranger, we answer that we do not know it", () => {
  const [answer] = ask(partsFixture(), { name: "_serf_conflict", payload: ascii("stranger") });
  deepEqual([...answer!.payload!], [6, 0xc0]);
});

Deno.test("D.10: asked about ourselves, we say nothing", () => {
  const f = partsFixture();
  equal(ask(f, { name: "_serf_conflict", payload: ascii("me") }).length, 0);
  deepEqual(f.logger.matching("Got conflict"), []);
});

Deno.test("D.5: when there is no time to answer, only the ack is sent", () => {
  for (const timeoutNs of [0, -1]) {
    const answers = ask(partsFixture(), { name: "_serf_conflict", payload: ascii("x"), timeoutNs, flags: 1 });
    deepEqual(answers.map(({ flags }) => flags), [1]);
  }
});

Deno.test("D.10: a conflict query without payload, and one for others, are no trouble", () => {
  equal(ask(partsFixture(), { name: "_serf_conflict" }).length, 1);
  const elsewhere = filters({ kind: "nodes", names: ["other"] });
  equal(ask(partsFixture(), { name: "_serf_conflict", payload: ascii("x"), filters: elsewhere }).length, 0);
});

Deno.test("D.5: an answer of more than 1024 bytes is not sent", () => {
  const f = partsFixture();
  const name = "n".repeat(1000);
  f.delegate.onNodeJoin(makeNode(name));
  equal(ask(f, { name: "_serf_conflict", payload: ascii(name) }).length, 0);
  equal(f.logger.matching("response exceeds limit of 1024 bytes").length, 1);
});

Deno.test("D.5: an answer of 1024 bytes is sent, once; one that was too long may be tried again", () => {
  const f = partsFixture();
  ask(f, {});
  const query = f.heardQueries[0]!;
  query.respond(new Uint8Array(0));
  const bare = f.sent.pop()!.message.length - 1;
  // The next one, with the three bytes of a long payload's head instead of one of nothing.
  const fits = 1024 - bare - 2;
  ask(f, { id: 78 });
  const next = f.heardQueries[1]!;
  const tooLong = { name: "SizeLimitError", message: "response exceeds limit of 1024 bytes" };
  throws(() => next.respond(new Uint8Array(fits + 1)), tooLong);
  next.respond(new Uint8Array(fits));
  equal(f.sent[0]!.message.length - 1, 1024);
  throws(() => next.respond(new Uint8Array(fits)), { name: "StateError", message: "response already sent" });
  throws(() => next.respond(new Uint8Array(fits + 1)), tooLong);
  f.clock.runFor(3200);
  ask(f, { id: 79, timeoutNs: 1e6 });
  f.clock.runFor(1);
  throws(() => f.heardQueries[2]!.respond(new Uint8Array(1)), { message: "response is past the deadline" });
  equal(f.sent.length, 1);
});

Deno.test("D.7: a question of Serf's own that we do not know is not told to anybody, and warned of", () => {
  const f = partsFixture();
  equal(ask(f, { name: "_serf_future" }).length, 0);
  deepEqual(f.heardQueries, []);
  deepEqual(f.logger.matching("WARN"), ["WARN serf: Unhandled internal query 'future'"]);
});

Deno.test("D.7: _serf_ping is answered by the ack alone", () => {
  deepEqual(ask(partsFixture(), { name: "_serf_ping", flags: 1 }).map(({ flags }) => flags), [1]);
});

Deno.test("D.5: an ack that may not be sent is told of", () => {
  const f = partsFixture([], { responseBytesMax: 1 });
  equal(ask(f, { flags: 1 }).length, 0);
  deepEqual(f.logger.lines.filter((line) => line.startsWith("ERR")), [
    "ERR serf: failed to send ack: response exceeds limit of 1 bytes",
  ]);
});
