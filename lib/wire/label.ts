/**
 * The label of a cluster: the outermost header of every packet, and of every stream in the dialer's direction.
 *
 * ```
 * f4 | length u8 (1..255) | label
 * ```
 * The label is also authenticated data of what is encrypted inside. HashiCorp's Serf sets none and refuses any; so does
 * ours unless told otherwise. protocol.md A.8.
 */
import { isAt } from "../base/bytes.ts";
import { OptionError, WireError } from "../base/errors.ts";
import { decodeText, encodeText } from "./text.ts";

const LABEL_TYPE = 0xf4;
const LABEL_BYTES_MAX = 255;

/** One label, or none (the empty text), with all that is derived from it. Immutable. */
export class Label {
  /** The label's bytes: additional authenticated data for encryption. Empty without a label. */
  readonly bytes: Uint8Array;
  /** What to put in front of packets and streams. Empty without a label. */
  readonly header: Uint8Array;

  /** @throws {OptionError} when `text` has more than 255 bytes of UTF-8. */
  constructor(readonly text: string) {
    const bytes = encodeText(text);
    if (bytes.length > LABEL_BYTES_MAX) throw new OptionError("label", "A label has at most 255 bytes");
    this.bytes = bytes;
    this.header = bytes.length === 0 ? bytes : Uint8Array.of(LABEL_TYPE, bytes.length, ...bytes);
  }

  /**
   * Passes the label at the start of `bytes[start, end)`.
   *
   * @returns where the rest begins.
   * @throws {WireError} when the label is malformed, empty, or not this one (missing and unexpected included).
   */
  strip(bytes: Uint8Array, start: number, end: number): number {
    const size = start < end && bytes[start] === LABEL_TYPE ? labelHeaderBytes(bytes, start, end) : 0;
    if (size === -1) throw new WireError("label header is cut off", start);
    const header = this.header;
    if (size === header.length && isAt(header, bytes, start)) return start + size;
    if (size === 0) throw new WireError(`missing label "${this.text}"`, start);
    throw new WireError(`unacceptable label "${decodeText(bytes, start + 2, start + size)}"`, start);
  }
}

/**
 * The size of the label header at `start`, where a byte f4 stands.
 *
 * @returns -1 when more bytes are needed to tell, or to hold it.
 * @throws {WireError} when it announces an empty label.
 */
export function labelHeaderBytes(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return -1;
  const length = bytes[start + 1]!;
  if (length === 0) throw new WireError("label header with an empty label", start);
  return 2 + length > end - start ? -1 : 2 + length;
}
