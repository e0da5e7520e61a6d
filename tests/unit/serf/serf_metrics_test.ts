/** The names are those of HashiCorp's agent 0.9.4. */
import { deepEqual, equal } from "../../support/assert.ts";
import type { AddedKind, MetricsSink } from "../../../lib/base/metrics.ts";
import { type Logger } from "../../../lib/base/ports.ts";
import { distanceSeconds } from "../../../lib/coordinate/coordinate.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { Broadcasts } from "../../../lib/serf/broadcasts.ts";
import { IntentBuffer } from "../../../lib/serf/intent_buffer.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { NodeEvents } from "../../../lib/serf/node_events.ts";
import { PingCoordinates } from "../../../lib/serf/ping_coordinates.ts";
import { MemberEventSource } from "../../../lib/serf/events.ts";
import { LamportClock } from "../../../lib/serf/lamport_clock.ts";
import { type MemberRecord, MemberTable } from "../../../lib/serf/member_table.ts";
import { QueryCollector } from "../../../lib/serf/query_collector.ts";
import { ResponseFlag } from "../../../lib/serf/query_messages.ts";
import { UserEvents } from "../../../lib/serf/user_events.ts";
import { Address } from "../../../lib/base/address.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { ascii, FakeSink, makeNode } from "./fakes.ts";

const SILENT: Logger = { enabled: () => false, log() {} };

function record() {
  const names: string[] = [];
  const samples: [name: string, value: number][] = [];
  const sink: MetricsSink = {
    counter: (name: string) => void names.push(name),
    gauge() {},
    sample: (name: string, value: number) => void samples.push([name, value]),
    named: (kind: AddedKind, name: string) => ({ record: (value: number) => sink[kind](name, value) }),
  };
  return { names, samples, sink };
}

Deno.test("MemberEventSource counts what happened to members, but not what an operator did", () => {
  const { names, sink } = record();
  const events = new MemberEventSource(SILENT, () => {}, sink);
  const member = { name: "x", address: Address.fromHost("127.0.0.1", 1) } as MemberRecord;
  events.joined(member, false);
  events.failed(member);
  events.left(member, true);
  events.left(member, false);
  events.updated(member);
  deepEqual(names, ["serf.member.join", "serf.member.failed", "serf.member.left", "serf.member.update"]);
});

Deno.test("UserEvents counts each event once, under its name too", () => {
  const { names, sink } = record();
  const events = new UserEvents(new LamportClock(), 512, sink);
  events.record(1, "deploy", null);
  events.record(1, "deploy", null);
  deepEqual(names, ["serf.events", "serf.events.deploy"]);
});

Deno.test("QueryCollector counts answers, and those that come twice", () => {
  const { names, sink } = record();
  const collector = new QueryCollector(new SimClock(), SILENT, sink);
  const answers = { onAck() {}, onResponse() {}, onDone() {} };
  collector.begin(7, 1, 10, 1_000, answers);
  for (const flags of [ResponseFlag.ack, ResponseFlag.ack, 0, 0]) {
    collector.onResponse({ lTime: 7, id: 1, from: "x", flags, payload: null });
  }
  deepEqual(names, [
    "serf.query_acks",
    "serf.query_duplicate_acks",
    "serf.query_responses",
    "serf.query_duplicate_responses",
  ]);
});

Deno.test("NodeEvents counts those who are back within a minute after they failed", () => {
  const { names, sink } = record();
  const clock = new SimClock();
  const table = new MemberTable(clock);
  const source = new MemberEventSource(SILENT, () => {}, sink);
  const buffer = new IntentBuffer(() => table.size);
  const nodeEvents = new NodeEvents(clock, table, buffer, source);
  const flapsAfter = (goneMs: number, status: MemberStatus) => {
    nodeEvents.onJoin(makeNode("a"));
    table.setStatus(table.get("a")!, status);
    clock.runFor(goneMs);
    names.length = 0;
    nodeEvents.onJoin(makeNode("a"));
    return names.filter((name) => name === "serf.member.flap").length;
  };
  equal(flapsAfter(59_999, MemberStatus.failed), 1);
  equal(flapsAfter(60_000, MemberStatus.failed), 0);
  equal(flapsAfter(1, MemberStatus.left), 0);
});

Deno.test("PingCoordinates measures each move, and counts what is refused and what takes no time", () => {
  const { names, samples, sink } = record();
  const random = new SeededRandom(1);
  const coordinates = new PingCoordinates(new SimClock(), random, SILENT, "me", () => true, sink);
  const payload = coordinates.payload().slice();
  coordinates.onPing("a", 20_000, payload);
  deepEqual([names, samples], [["serf.coordinate.rejected"], []]);
  coordinates.onPing("a", 0, payload);
  deepEqual(names.slice(1), ["serf.coordinate.zero-rtt"]);
  const before = coordinates.coordinateOf("me")!;
  coordinates.onPing("a", 25, payload);
  deepEqual(names.length, 2);
  deepEqual(samples.map(([name]) => name), Array(2).fill("serf.coordinate.adjustment-ms"));
  equal(samples[1]![1], 1000 * distanceSeconds(before, coordinates.coordinateOf("me")!));
});

Deno.test("Broadcasts measures what is sent", () => {
  const { samples, sink } = record();
  const clock = new SimClock();
  const broadcasts = new Broadcasts(clock, SILENT, {
    retransmitMult: 4,
    memberCount: () => 3,
    onQueued() {},
    maxQueueDepth: 4096,
    queueCheckIntervalMs: 30_000,
    messageBytesMax: 1000,
    metrics: sink,
  });
  broadcasts.queue("event", ascii("twelve bytes"));
  broadcasts.fill(new FakeSink());
  broadcasts.fill(new FakeSink());
  deepEqual(samples, [["serf.msgs.sent", 12], ["serf.msgs.sent", 12]]);
});
