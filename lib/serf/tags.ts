/**
 * A member's tags in memberlist's Meta.
 *
 * ```
 * Serf protocol 3 and later   ff | MessagePack map {key: value}, both strings
 * Serf protocol 2             the bytes of the tag "role", and nothing else
 * ```
 * protocol.md D.9.
 */
import { WireError } from "../base/errors.ts";
import { compareBytewise } from "../base/go_text.ts";
import { META_BYTES_MAX } from "../memberlist/node_state.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { decodeText, encodeText } from "../wire/text.ts";

const TAGS_MAGIC = 0xff;
/** The first Serf protocol that knows tags other than the role. */
const TAGS_PROTOCOL_MIN = 3;

const reader = new MsgpackReader();

/**
 * The metadata that announces `tags`, sorted by key so that equal tags give equal bytes.
 *
 * @param protocol Serf's protocol version in use, 2..5.
 * @returns bytes of their own; may be longer than {@linkcode META_BYTES_MAX}.
 */
export function encodeTags(tags: ReadonlyMap<string, string>, protocol: number): Uint8Array {
  if (protocol < TAGS_PROTOCOL_MIN) return encodeText(tags.get("role") ?? "");
  const writer = new MsgpackWriter(META_BYTES_MAX).byte(TAGS_MAGIC).mapHeader(tags.size);
  for (const key of [...tags.keys()].sort(compareBytewise)) writer.string(key).string(tags.get(key)!);
  return writer.copy();
}

/** The tags in `meta`, in its order. Of broken metadata those before the fault; never throws. */
export function decodeTags(meta: Uint8Array): Map<string, string> {
  const tags = new Map<string, string>();
  if (meta[0] !== TAGS_MAGIC) return tags.set("role", decodeText(meta, 0, meta.length));
  try {
    reader.reset(meta, 1);
    for (let count = reader.mapCount(); count > 0; count--) tags.set(reader.string(), reader.string());
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return tags;
}
