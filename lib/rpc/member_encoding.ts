/**
 * Members as the RPC protocol carries them. Encoding one takes a microsecond, copying it a tenth of that, and members
 * change rarely: so each is kept encoded until its `revision` changes, and a list is put together from kept pieces.
 */
import { compareBytewise } from "../base/go_text.ts";
import { Slab } from "../base/slab.ts";
import { type Member, MEMBER_STATUS_NAMES, type MemberEvent } from "../serf/member.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { encodeMembersHeader } from "./replies.ts";

/** Some members share a buffer; one that stays alone in it keeps no more than this. */
const CHUNK_BYTES = 1024;

interface KeptMember {
  revision: number;
  bytes: Uint8Array;
}

/** Writes lists of members. One per server. */
export class MemberEncoder {
  /** bounded: an entry goes with its member. */
  readonly #kept = new WeakMap<Member, KeptMember>();
  readonly #scratch = new MsgpackWriter(256, "new");
  readonly #slab = new Slab(CHUNK_BYTES);

  /** Appends `{Members: [...]}`. */
  encodeList(writer: MsgpackWriter, members: readonly Member[]): void {
    encodeMembersHeader(writer, members.length);
    for (let i = 0; i < members.length; i++) writer.raw(this.#encoded(members[i]!));
  }

  /** The body of a stream's record about `event`, in an array of its own. */
  encodeEvent(event: MemberEvent): Uint8Array {
    const writer = this.#scratch;
    writer.reset();
    writer.mapHeader(2).string("Event").string(event.type).string("Members").arrayHeader(
      event.members.length,
    );
    // These are snapshots, never seen again: not worth keeping.
    for (const member of event.members) encodeMember(writer, member);
    return writer.copy();
  }

  #encoded(member: Member): Uint8Array {
    const kept = this.#kept.get(member);
    if (kept !== undefined && kept.revision === member.revision) return kept.bytes;
    this.#scratch.reset();
    encodeMember(this.#scratch, member);
    const bytes = this.#slab.copy(this.#scratch.view());
    if (kept === undefined) this.#kept.set(member, { revision: member.revision, bytes });
    else {
      kept.revision = member.revision;
      kept.bytes = bytes;
    }
    return bytes;
  }
}

function encodeMember(writer: MsgpackWriter, member: Member): void {
  const versions = member.versions;
  writer.mapHeader(11).string("Addr").bytes(member.ip);
  writer.string("DelegateCur").uint(versions.dCur);
  writer.string("DelegateMax").uint(versions.dMax);
  writer.string("DelegateMin").uint(versions.dMin);
  writer.string("Name").string(member.name);
  writer.string("Port").uint(member.port);
  writer.string("ProtocolCur").uint(versions.pCur);
  writer.string("ProtocolMax").uint(versions.pMax);
  writer.string("ProtocolMin").uint(versions.pMin);
  writer.string("Status").string(MEMBER_STATUS_NAMES[member.status]);
  const tags = member.tags;
  writer.string("Tags").mapHeader(tags.size);
  const keys = [...tags.keys()].sort(compareBytewise);
  for (const key of keys) writer.string(key).string(tags.get(key)!);
}
