/** The names are those of HashiCorp's agent 0.9.4. */
import { deepEqual } from "../../support/assert.ts";
import { type Logger } from "../../../lib/base/ports.ts";
import { MemberEventSource } from "../../../lib/serf/events.ts";
import { LamportClock } from "../../../lib/serf/lamport_clock.ts";
import type { MemberRecord } from "../../../lib/serf/member_table.ts";
import { QueryCollector } from "../../../lib/serf/query_collector.ts";
import { ResponseFlag } from "../../../lib/serf/query_messages.ts";
import { UserEvents } from "../../../lib/serf/user_events.ts";
import { Address } from "../../../lib/base/address.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";

const SILENT: Logger = { enabled: () => false, log() {} };

function record() {
  const names: string[] = [];
  return { names, sink: { counter: (name: string) => void names.push(name), gauge() {}, sample() {} } };
}

Deno.test("MemberEventSource counts what happened to members, but not what an operator did", () => {
  const { names, sink } = record();
  const events = new MemberEventSource(SILENT, () => {}, sink);
  const member = { name: "x", address: Address.fromHost("127.0.0.1", 1) } as MemberRecord;
  events.joined(member);
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
