/** What ought to come out of a datagram: written down once more, in the plainest way. */
import { WireError } from "../../../lib/base/errors.ts";
import { decompressMessage, MessageType } from "../../../lib/memberlist/messages.ts";
import { decodeCompound } from "../../../lib/wire/compound.ts";
import { checkCrcHeader } from "../../../lib/wire/crc32.ts";
import type { Label } from "../../../lib/wire/label.ts";
import { toHex } from "../../golden/sample.ts";

/** What one datagram may make its receiver do. */
export const MESSAGES_MAX = 512;
const DEPTH_MAX = 8, INFLATED_BYTES_MAX = 65_536;

/** The user messages of a datagram, without its label and its seal. */
export function userMessagesIn(packet: Uint8Array): Uint8Array[] {
  const heard: Uint8Array[] = [];
  let messagesLeft = MESSAGES_MAX, inflatableBytes = INFLATED_BYTES_MAX;

  const inflate = (message: Uint8Array): Uint8Array => {
    const allowance = inflatableBytes;
    inflatableBytes = 0;
    const inner = decompressMessage(message, 1, message.length, allowance);
    inflatableBytes = allowance - inner.length;
    return inner;
  };
  const unwrap = (message: Uint8Array, depth: number) => {
    if (messagesLeft === 0 || depth > DEPTH_MAX) return;
    messagesLeft--;
    const [type] = message;
    if (type === MessageType.user) heard.push(message.subarray(1));
    tolerating(() => {
      if (type === MessageType.compress) unwrap(inflate(message), depth + 1);
      if (type !== MessageType.compound) return;
      decodeCompound(message, 1, message.length, (from, to) => unwrap(message.subarray(from, to), depth + 1));
    });
  };
  tolerating(() => {
    const start = packet[0] === MessageType.crc ? checkCrcHeader(packet, 0, packet.length) : 0;
    unwrap(packet.subarray(start), 0);
  });
  return heard;
}

/** Where what comes behind the label begins; undefined when the packet has another one, or none. */
export function plainLabelEnd(packet: Uint8Array, { text, bytes }: Label): number | undefined {
  if (packet[0] !== MessageType.label) return text === "" ? 0 : undefined;
  const shown = packet.subarray(2, 2 + (packet[1] ?? 0));
  const isWhole = shown.length > 0 && shown.length === packet[1];
  return isWhole && toHex(shown) === toHex(bytes) ? 2 + shown.length : undefined;
}

/** What is malformed ends where it is. */
function tolerating(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}
