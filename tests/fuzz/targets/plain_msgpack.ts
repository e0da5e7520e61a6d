/** Where MessagePack values end: written down once more, as tables. */
import { toHex } from "../../golden/sample.ts";

/** Heads whose values have one size, and how many bytes follow them. */
const FIXED = new Map([
  ...[[0xc0, 0], [0xc2, 0], [0xc3, 0], [0xca, 4], [0xcb, 8]],
  ...[[0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8], [0xd0, 1], [0xd1, 2], [0xd2, 4], [0xd3, 8]],
  ...[[0xd4, 2], [0xd5, 3], [0xd6, 5], [0xd7, 9], [0xd8, 17]],
] as [head: number, bytes: number][]);

/** Heads that a number of so many bytes follows. */
const NUMBERED = new Map([
  ...[[0xc4, 1], [0xc5, 2], [0xc6, 4], [0xc7, 1], [0xc8, 2], [0xc9, 4]],
  ...[[0xd9, 1], [0xda, 2], [0xdb, 4], [0xdc, 2], [0xdd, 4], [0xde, 2], [0xdf, 4]],
] as [head: number, width: number][]);

/** Where the first value of `bytes` ends; undefined when it does not, or is none. */
export function plainValueEnd(bytes: Uint8Array): number | undefined {
  let at = 0;
  for (let pending = 1; pending > 0; pending--) {
    const head = bytes[at++];
    if (head === undefined) return undefined;
    const kind = kindOf(head);
    const width = NUMBERED.get(head) ?? 0;
    if (kind === "none" || at + width > bytes.length) return undefined;
    const count = width > 0 ? Number(`0x${toHex(bytes.subarray(at, at + width))}`) : shortCount(head);
    at += width;
    if (kind === "map") pending += 2 * count;
    else if (kind === "list") pending += count;
    else at += count + (kind === "ext" ? 1 : 0);
  }
  return at <= bytes.length ? at : undefined;
}

function kindOf(head: number): "map" | "list" | "ext" | "other" | "none" {
  if ((head >= 0x80 && head <= 0x8f) || head >= 0xde && head <= 0xdf) return "map";
  if ((head >= 0x90 && head <= 0x9f) || head >= 0xdc && head <= 0xdd) return "list";
  if (head >= 0xc7 && head <= 0xc9) return "ext";
  return head === 0xc1 ? "none" : "other";
}

/** What a head that no number follows says: how many values, or how many bytes. */
function shortCount(head: number): number {
  if (head >= 0x80 && head <= 0x9f) return head % 16;
  if (head >= 0xa0 && head <= 0xbf) return head - 0xa0;
  return FIXED.get(head) ?? 0;
}
