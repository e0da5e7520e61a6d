/**
 * Text that may stand for any bytes, and those bytes again.
 *
 * Where bytes become text (wire/text.ts), those that are not UTF-8 become the lone surrogates U+DC80..U+DCFF, one each.
 * Here these are written as the bytes that they were. So every byte sequence has exactly one string and comes back
 * unchanged; names can be compared as strings, re-gossiped, and shown on a terminal as they are.
 */
const ENCODER = new TextEncoder();

/**
 * Writes `text` at `target[offset]`.
 *
 * @param target has room for `3 * text.length` bytes from `offset` on.
 * @returns how many bytes were written.
 */
export function encodeTextInto(text: string, target: Uint8Array, offset: number): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return i + encodeUnicodeInto(i === 0 ? text : text.slice(i), target, offset + i);
    target[offset + i] = unit;
  }
  return length;
}

function encodeUnicodeInto(text: string, target: Uint8Array, offset: number): number {
  if (text.isWellFormed()) return ENCODER.encodeInto(text, target.subarray(offset)).written;
  let at = offset;
  for (const character of text) {
    const unit = character.charCodeAt(0);
    if (unit < 0x80) target[at++] = unit;
    else if (character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff) target[at++] = unit - 0xdc00;
    else at += ENCODER.encodeInto(character, target.subarray(at)).written;
  }
  return at - offset;
}

/** The bytes of `text` in an array of their own. */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return ENCODER.encode(text);
  const target = new Uint8Array(text.length * 3);
  return target.subarray(0, encodeTextInto(text, target, 0));
}

/** Whether the bytes of `text` are at most `bytesMax`. */
export function isTextWithin(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return true;
  return text.length <= bytesMax && encodeText(text).length <= bytesMax;
}
