import { deepEqual, equal } from "../../support/assert.ts";
import { encodeConflictResponse } from "../../../lib/serf/conflict_message.ts";
import { decodeQuery, encodeQueryResponse, type QueryMessage } from "../../../lib/serf/query_messages.ts";
import { makeNode } from "./fakes.ts";
import { encoded, partsFixture } from "./parts.ts";

type Fixture = ReturnType<typeof partsFixture>;

function conflict(f: Fixture): void {
  f.delegate.onNameConflict(makeNode("me"), Uint8Array.of(127, 0, 0, 9), 7001);
}

/** The question that was gossiped. */
function question(f: Fixture): QueryMessage {
  f.clock.runFor(0);
  const [message, ...more] = f.queued();
  equal(more.length, 0);
  return decodeQuery(message!, 1, message!.length);
}

/** `from` means the node at this address by our name; with no port it knows none. */
function answer(f: Fixture, query: QueryMessage, from: string, ip: number[], port: number): void {
  const member = port === 0 ? null : {
    name: "me",
    ip: Uint8Array.from(ip),
    port,
    tags: new Map<string, string>(),
    status: 1,
    versions: { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 },
  };
  const payload = encoded((writer) => encodeConflictResponse(writer, member));
  f.router.onMessage(
    encoded((writer) =>
      encodeQueryResponse(writer, { lTime: query.lTime, id: query.id, from, flags: 0, payload })
    ),
  );
}

const US = [127, 0, 0, 1];
const US_MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...US];
const OTHER = [127, 0, 0, 9];

Deno.test("D.10: a conflict about our name is put to the vote, without acks, for the default time", () => {
  const f = partsFixture(["a"]);
  conflict(f);
  deepEqual(f.logger.lines, [
    "ERR serf: Node name conflicts with another node at 127.0.0.9:7001. Names must be unique! " +
    "(Resolution enabled: true)",
  ]);
  const { name, payload, flags, timeoutNs } = question(f);
  deepEqual([name, new TextDecoder().decode(payload!), flags, timeoutNs], ["_serf_conflict", "me", 0, 3.2e9]);
});

Deno.test("D.10: with a majority we stay", () => {
  const f = partsFixture(["a", "b", "c"]);
  conflict(f);
  const query = question(f);
  answer(f, query, "a", US, 7946);
  answer(f, query, "b", US_MAPPED, 7946);
  answer(f, query, "c", OTHER, 7946);
  f.clock.runFor(3200);
  equal(f.world.minorities, 0);
  equal(f.logger.matching("INFO serf: majority in name conflict resolution [2 / 3]").length, 1);
  // The next conflict gets a vote of its own.
  conflict(f);
  f.clock.runFor(1);
  equal(f.queryClock.time, query.lTime + 2);
});

Deno.test("D.10: with half of the votes, without votes, and with those of others we go", () => {
  const votes: [ip: number[], port: number][][] = [
    [[US, 7946], [OTHER, 7946]],
    [],
    [[US, 7947]],
    [[US, 0]],
  ];
  for (const cast of votes) {
    const f = partsFixture(["a", "b"]);
    conflict(f);
    const query = question(f);
    cast.forEach(([ip, port], i) => answer(f, query, `n${i}`, ip, port));
    f.clock.runFor(3199);
    equal(f.world.minorities, 0);
    f.clock.runFor(1);
    equal(f.world.minorities, 1);
    equal(f.logger.matching("WARN serf: minority in name conflict resolution, quiting [").length, 1);
  }
});

Deno.test("D.10: what is no answer is no vote", () => {
  const f = partsFixture(["a", "b", "c"]);
  conflict(f);
  const { lTime, id } = question(f);
  answer(f, { lTime, id } as QueryMessage, "a", US, 7946);
  for (const [from, payload] of [["b", Uint8Array.of(8, 0x80)], ["c", Uint8Array.of(6, 0xc1)]] as const) {
    f.router.onMessage(
      encoded((writer) => encodeQueryResponse(writer, { lTime, id, from, flags: 0, payload })),
    );
  }
  f.clock.runFor(3200);
  equal(f.world.minorities, 0);
  equal(f.logger.matching("INFO serf: majority in name conflict resolution [1 / 1]").length, 1);
  deepEqual(f.logger.matching("ERR serf: Invalid"), [
    "ERR serf: Invalid conflict query response type: [8 128]",
  ]);
  equal(f.logger.matching("ERR serf: Failed to decode conflict query response: ").length, 1);
});

Deno.test("D.10: one vote at a time; who leaves holds none, and is not sent away by one", () => {
  const f = partsFixture(["a"]);
  conflict(f);
  const query = question(f);
  conflict(f);
  f.clock.runFor(100);
  equal(f.queryClock.time, query.lTime + 1);
  f.world.staying = false;
  f.clock.runFor(5000);
  equal(f.world.minorities, 0);
  conflict(f);
  f.clock.runFor(5000);
  equal(f.queryClock.time, query.lTime + 1);
});

Deno.test("D.10: where nobody can be asked we stay, say why, and hold the next vote", () => {
  const f = partsFixture(["a"], { queryBytesMax: 20 });
  for (let i = 0; i < 2; i++) {
    conflict(f);
    f.clock.runFor(60_000);
    const why = "Failed to start name resolution query: query exceeds limit of 20 bytes";
    deepEqual(f.logger.matching("ERR serf: Failed"), Array(i + 1).fill(`ERR serf: ${why}`));
  }
  equal(f.world.minorities, 0);
});
