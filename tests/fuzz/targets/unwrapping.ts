/** What ought to come out of a datagram: written down once more, in the plainest way. */
import { WireError } from "../../../lib/base/errors.ts";
import { decompressMessage, MessageType } from "../../../lib/memberlist/messages.ts";
import { decodeCompound } from "../../../lib/wire/compound.ts";
import { checkCrcHeader } from "../../../lib/wire/crc32.ts";

/** What one datagram may make its receiver do. */
export const MESSAGES_MAX = 512;
const DEPTH_MAX = 8, INFLATED_BYTES_MAX = 65_536;

/** The user messages of a datagram that came without a label, or was sealed. */
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

/** What is malformed ends where it is. */
function tolerating(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}
