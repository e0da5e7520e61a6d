import { deepEqual } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { MemberEventSource } from "../../../lib/serf/events.ts";
import type { MemberRecord } from "../../../lib/serf/member_table.ts";
import { RecordingLogger } from "./fakes.ts";

Deno.test("MemberEventSource tells and logs what happened to members, in Serf's words", () => {
  const logger = new RecordingLogger();
  const types: string[] = [];
  const events = new MemberEventSource(logger, (event) => types.push(event.type));
  const member = { name: "x", address: Address.fromHost("10.1.0.9", 7946) } as MemberRecord;
  events.joined(member, false);
  events.left(member, false);
  events.left(member, true);
  events.failed(member);
  events.updated(member);
  events.reaped(member, false);
  events.reaped(member, true);
  deepEqual(types, [
    "member-join",
    "member-leave",
    "member-leave",
    "member-failed",
    "member-update",
    "member-reap",
    "member-reap",
  ]);
  deepEqual(logger.lines, [
    "INFO serf: EventMemberJoin: x 10.1.0.9",
    "INFO serf: EventMemberLeave: x 10.1.0.9",
    "INFO serf: EventMemberLeave (forced): x 10.1.0.9",
    "INFO serf: EventMemberFailed: x 10.1.0.9",
    "INFO serf: EventMemberUpdate: x",
    "INFO serf: EventMemberReap: x",
    "INFO serf: EventMemberReap (forced): x 10.1.0.9",
  ]);
});
