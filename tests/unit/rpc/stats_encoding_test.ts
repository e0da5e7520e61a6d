import { decode } from "@msgpack/msgpack";
import { StatsEncoder } from "../../../lib/rpc/stats_encoding.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { deepEqual } from "../../support/assert.ts";

function report(encoder: StatsEncoder, stats: Record<string, Record<string, string>>): unknown {
  const writer = new MsgpackWriter(64, "new");
  encoder.encode(writer, stats);
  return decode(writer.copy());
}

Deno.test("StatsEncoder.encode() writes a section anew when the agent gives another one", () => {
  const encoder = new StatsEncoder();
  const first = { agent: { name: "x" }, serf: { members: "1" } };
  deepEqual(report(encoder, first), first);
  const second = { agent: first.agent, serf: { members: "2" } };
  deepEqual(report(encoder, second), second);
  deepEqual(report(encoder, first), first);
});

Deno.test("StatsEncoder.encode() keeps what it has of a section that is the same object", () => {
  const encoder = new StatsEncoder();
  const section = { members: "1" };
  report(encoder, { serf: section });
  section.members = "2"; // which no agent does: it shows that the section was not looked at again
  deepEqual(report(encoder, { serf: section }), { serf: { members: "1" } });
});

Deno.test("StatsEncoder.encode() writes no section that is gone, and an empty report", () => {
  const encoder = new StatsEncoder();
  report(encoder, { serf: { members: "1" }, tags: {} });
  deepEqual(report(encoder, { tags: {} }), { tags: {} });
  deepEqual(report(encoder, {}), {});
});
