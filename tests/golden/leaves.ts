/** The single messages inside the samples, all wrappers taken off. */
import { MessageType } from "../../lib/memberlist/messages.ts";
import { decodeCompound } from "../../lib/wire/compound.ts";
import { checkCrcHeader } from "../../lib/wire/crc32.ts";
import { fromHex, type Json, type Sample, SAMPLES } from "./sample.ts";

/** All messages of all samples, type byte first. */
export function leafMessages(): Uint8Array[] {
  return SAMPLES.flatMap((sample) => unwrapped(sample)).flatMap(leavesOf);
}

/** What is readable in a sample: its innermost plaintext, or itself. */
function unwrapped(sample: Sample): Uint8Array[] {
  let plain = sample.key === undefined && sample.decoded["label"] === undefined ? sample.hex : "";
  for (let layer: Json | undefined = sample.decoded; layer !== undefined;) {
    if (layer === null || typeof layer !== "object" || Array.isArray(layer)) break;
    if (typeof layer["plain_hex"] === "string") plain = layer["plain_hex"];
    layer = layer["inner"];
  }
  return plain === "" ? [] : [fromHex(plain)];
}

function leavesOf(message: Uint8Array): Uint8Array[] {
  const plain = message.subarray(checkCrcHeader(message, 0, message.length));
  if (plain[0] !== MessageType.compound) return [plain];
  const leaves: Uint8Array[] = [];
  decodeCompound(
    plain,
    1,
    plain.length,
    (start, end) => leaves.push(...leavesOf(plain.subarray(start, end))),
  );
  return leaves;
}
