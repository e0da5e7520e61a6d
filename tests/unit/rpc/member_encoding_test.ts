import { deepEqual, equal, notDeepEqual } from "../../support/assert.ts";
import { decode } from "@msgpack/msgpack";
import { MemberEncoder } from "../../../lib/rpc/member_encoding.ts";
import { decodeMembers } from "../../../lib/rpc/replies.ts";
import { type Member, MemberStatus } from "../../../lib/serf/member.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { encoded } from "./conversation.ts";
import { fakeMember } from "./fake_backend.ts";

const listOf = (encoder: MemberEncoder, members: Member[]) => encoded((w) => encoder.encodeList(w, members));

Deno.test("MemberEncoder.encodeList() writes eleven fields in ascending order, tags by their key", () => {
  const member = fakeMember("n", {
    tags: new Map([["role", "web"], ["dc", "east"]]),
    status: MemberStatus.failed,
    ip: new Uint8Array(16),
  });
  const list = decode(listOf(new MemberEncoder(), [member])) as { Members: Record<string, unknown>[] };
  deepEqual(Object.keys(list.Members[0]!), [
    ..."Addr DelegateCur DelegateMax DelegateMin Name Port ProtocolCur ProtocolMax ProtocolMin Status Tags"
      .split(" "),
  ]);
  deepEqual(list.Members[0], {
    Addr: new Uint8Array(16),
    DelegateCur: 5,
    DelegateMax: 5,
    DelegateMin: 2,
    Name: "n",
    Port: 46305,
    ProtocolCur: 2,
    ProtocolMax: 5,
    ProtocolMin: 1,
    Status: "failed",
    Tags: { dc: "east", role: "web" },
  });
  deepEqual(Object.keys(list.Members[0]!["Tags"] as object), ["dc", "role"]);
});

Deno.test("MemberEncoder keeps an encoded member until its revision changes", () => {
  const encoder = new MemberEncoder();
  const member = fakeMember("n");
  const before = listOf(encoder, [member]);
  member.status = MemberStatus.left;
  deepEqual(listOf(encoder, [member]), before); // the same revision: taken from what was kept
  member.revision++;
  const after = listOf(encoder, [member]);
  notDeepEqual(after, before);
  deepEqual(after, listOf(new MemberEncoder(), [member]));
  // An earlier revision is another revision too.
  member.revision--;
  member.status = MemberStatus.alive;
  deepEqual(listOf(encoder, [member]), before);
});

Deno.test("MemberEncoder tells namesakes apart", () => {
  const encoder = new MemberEncoder();
  const one = fakeMember("n", { port: 1 });
  const two = fakeMember("n", { port: 2 });
  deepEqual(listOf(encoder, [one, two]), listOf(new MemberEncoder(), [one, two]));
  notDeepEqual(listOf(encoder, [one]), listOf(encoder, [two]));
});

Deno.test("decodeMembers() reads what encodeList() writes", () => {
  const members = [fakeMember("a"), fakeMember("b", { tags: new Map([["k", "v"]]), ip: new Uint8Array(0) })];
  const decoded = decodeMembers(new MsgpackReader().reset(listOf(new MemberEncoder(), members)));
  deepEqual(decoded.map(({ name, addr, port, tags, status }) => [name, addr, port, tags, status]), [
    ["a", members[0]!.ip, 46305, new Map(), "alive"],
    ["b", new Uint8Array(0), 46305, new Map([["k", "v"]]), "alive"],
  ]);
  equal(decoded[0]!.protocolCur, 2);
  equal(decoded[0]!.delegateMin, 2);
});

Deno.test("MemberEncoder.encodeEvent() gives bytes that stay, whatever is encoded next", () => {
  const encoder = new MemberEncoder();
  const body = encoder.encodeEvent({ type: "member-join", members: [fakeMember("a"), fakeMember("b")] });
  encoder.encodeEvent({ type: "member-leave", members: [fakeMember("zzz")] });
  const event = decode(body) as { Event: string; Members: { Name: string }[] };
  equal(event.Event, "member-join");
  deepEqual(event.Members.map((member) => member.Name), ["a", "b"]);
});
