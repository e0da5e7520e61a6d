/** Base64 as Go's standard decoder reads it: padding required, line ends ignored, faults named by their offset. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d, LF = 0x0a, CR = 0x0d;
const SEXTETS = (() => {
  const table = new Uint8Array(256).fill(0xff);
  for (let i = 0; i < 64; i++) table[ALPHABET.charCodeAt(i)] = i;
  return table;
})();

/**
 * @returns the bytes; the unused bits of the last character are not looked at.
 * @throws {Error} `illegal base64 data at input byte N`, N counted in UTF-8.
 */
export function decodeGoBase64(text: string): Uint8Array {
  const source = new TextEncoder().encode(text);
  const bytes: number[] = [];
  let at = 0;
  for (;;) {
    let bits = 0, count = 0;
    while (count < 4) {
      if (at === source.length) {
        if (count === 0) return Uint8Array.from(bytes);
        throw illegal(at - count);
      }
      const byte = source[at++]!;
      if (byte === PAD) {
        expectPaddingEnd(source, at, count);
        // 2 characters hold 1 byte, 3 hold 2.
        bits <<= 6 * (4 - count);
        for (let i = 0; i < count - 1; i++) bytes.push((bits >> (16 - 8 * i)) & 0xff);
        return Uint8Array.from(bytes);
      }
      if (byte === LF || byte === CR) continue;
      if (SEXTETS[byte] === 0xff) throw illegal(at - 1);
      bits = (bits << 6) | SEXTETS[byte]!;
      count++;
    }
    bytes.push(bits >> 16, (bits >> 8) & 0xff, bits & 0xff);
  }
}

/** @param at just behind the first `=`. @param count how many characters its group had before. */
function expectPaddingEnd(source: Uint8Array, at: number, count: number): void {
  if (count < 2) throw illegal(at - 1);
  let end = at;
  if (count === 2) {
    end = skipLineEnds(source, end);
    if (end === source.length) throw illegal(end);
    if (source[end] !== PAD) throw illegal(end - 1);
    end++;
  }
  end = skipLineEnds(source, end);
  if (end < source.length) throw illegal(end);
}

function skipLineEnds(source: Uint8Array, at: number): number {
  while (source[at] === LF || source[at] === CR) at++;
  return at;
}

function illegal(offset: number): Error {
  return new Error(`illegal base64 data at input byte ${offset}`);
}
