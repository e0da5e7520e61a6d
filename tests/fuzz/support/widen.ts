/** The same MessagePack in longer formats: whoever reads the short ones must read these as well, and the same in them. */
import { containedValues, measureValue } from "../../../lib/wire/msgpack_scan.ts";

/** Where the longer formats of a family begin, and how many of them there are: each twice as wide as the one before. */
interface Family {
  readonly firstHead: number;
  readonly firstWidth: number;
  readonly formats: number;
}

const INTEGERS: Family = { firstHead: 0xcc, firstWidth: 1, formats: 4 };
const TEXTS: Family = { firstHead: 0xd9, firstWidth: 1, formats: 3 };
const LISTS: Family = { firstHead: 0xdc, firstWidth: 2, formats: 2 };
const MAPS: Family = { firstHead: 0xde, firstWidth: 2, formats: 2 };

/**
 * Rewrites the shortest heads of the first value at `start`, and of all that it holds.
 *
 * @param choice which of the longer formats to take; any whole number.
 */
export function widened(bytes: Uint8Array, start: number, choice: number): Uint8Array {
  const wide: number[] = [...bytes.subarray(0, start)];
  let at = start;
  for (let pending = 1; pending > 0; pending--) {
    const size = measureValue(bytes, at, bytes.length);
    pending += containedValues;
    const head = bytes[at]!;
    if (head <= 0x7f) widenInto(wide, INTEGERS, head, choice);
    else if (head <= 0x8f) widenInto(wide, MAPS, head & 0x0f, choice);
    else if (head <= 0x9f) widenInto(wide, LISTS, head & 0x0f, choice);
    else if (head <= 0xbf) widenInto(wide, TEXTS, head & 0x1f, choice);
    else wide.push(head);
    wide.push(...bytes.subarray(at + 1, at + size));
    at += size;
  }
  return Uint8Array.of(...wide, ...bytes.subarray(at));
}

function widenInto(
  wide: number[],
  { firstHead, firstWidth, formats }: Family,
  count: number,
  choice: number,
): void {
  const format = choice % formats;
  wide.push(firstHead + format, ...new Uint8Array((firstWidth << format) - 1), count);
}
