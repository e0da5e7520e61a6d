/**
 * GHASH, the universal hash of GCM: a polynomial over GF(2^128) evaluated at H. NIST SP 800-38D, 6.4.
 *
 * A field element is four 32-bit words, the most significant first; its first bit is the coefficient of x^0. The product
 * with H is built byte by byte from the end (Horner): the sum so far times x^8, plus the byte times H. Both come from
 * tables: 4 KiB for the byte times H, and the 16 bits that fold back when eight bits leave at the end.
 */

/** x^128 = 1 + x + x^2 + x^7, in the top byte. */
const POLYNOMIAL = 0xe1000000;

/** What the eight bits that leave turn into, for the top 16 bits. */
const FOLDED = foldTable();

/** See the top of the file. */
export class Ghash {
  /** Each byte value times H, four words each. */
  readonly #products: Int32Array;
  #y0 = 0;
  #y1 = 0;
  #y2 = 0;
  #y3 = 0;

  /** @param h 16 bytes: the encrypted zero block. */
  constructor(h: Uint8Array) {
    this.#products = productTable(h);
  }

  /** Begins a new hash. */
  reset(): void {
    this.#y0 =
      this.#y1 =
      this.#y2 =
      this.#y3 =
        0;
  }

  /** Takes in `bytes[start, end)`, filled up with zeros to whole blocks. */
  update(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    for (; at + 16 <= end; at += 16) {
      this.#y0 ^= word(bytes, at);
      this.#y1 ^= word(bytes, at + 4);
      this.#y2 ^= word(bytes, at + 8);
      this.#y3 ^= word(bytes, at + 12);
      this.#multiply();
    }
    if (at === end) return;
    this.#y0 ^= wordUpTo(bytes, at, end);
    this.#y1 ^= wordUpTo(bytes, at + 4, end);
    this.#y2 ^= wordUpTo(bytes, at + 8, end);
    this.#y3 ^= wordUpTo(bytes, at + 12, end);
    this.#multiply();
  }

  /** Takes in the block of lengths and writes the hash. @param target 16 bytes. Both lengths in bytes, below 2^29. */
  finishInto(target: Uint8Array, aadBytes: number, textBytes: number): void {
    this.#y1 ^= aadBytes * 8;
    this.#y3 ^= textBytes * 8;
    this.#multiply();
    putWord(target, 0, this.#y0);
    putWord(target, 4, this.#y1);
    putWord(target, 8, this.#y2);
    putWord(target, 12, this.#y3);
  }

  /** y = y * H. */
  #multiply(): void {
    const products = this.#products;
    let z0 = 0, z1 = 0, z2 = 0, z3 = 0;
    for (let i = 3; i >= 0; i--) {
      const bytes = i === 3 ? this.#y3 : i === 2 ? this.#y2 : i === 1 ? this.#y1 : this.#y0;
      for (let shift = 0; shift < 32; shift += 8) {
        const folded = FOLDED[z3 & 255]!;
        const row = ((bytes >>> shift) & 255) * 4;
        z3 = ((z3 >>> 8) | (z2 << 24)) ^ products[row + 3]!;
        z2 = ((z2 >>> 8) | (z1 << 24)) ^ products[row + 2]!;
        z1 = ((z1 >>> 8) | (z0 << 24)) ^ products[row + 1]!;
        z0 = (z0 >>> 8) ^ (folded << 16) ^ products[row]!;
      }
    }
    this.#y0 = z0;
    this.#y1 = z1;
    this.#y2 = z2;
    this.#y3 = z3;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The word at `at`, with zeros from `end` on. */
function wordUpTo(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = (value << 8) | (at + i < end ? bytes[at + i]! : 0);
  return value;
}

function putWord(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Row b is b * H: by halving from 0x80 (which is x^0) and by adding up. */
function productTable(h: Uint8Array): Int32Array {
  const table = new Int32Array(256 * 4);
  const v = [word(h, 0), word(h, 4), word(h, 8), word(h, 12)];
  for (let bit = 0x80; bit > 0; bit >>= 1) {
    table.set(v, bit * 4);
    timesX(v);
  }
  for (let bit = 2; bit < 256; bit *= 2) {
    for (let rest = 1; rest < bit; rest++) {
      for (let i = 0; i < 4; i++) table[(bit + rest) * 4 + i] = table[bit * 4 + i]! ^ table[rest * 4 + i]!;
    }
  }
  return table;
}

function foldTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const v = [0, 0, 0, byte];
    for (let i = 0; i < 8; i++) timesX(v);
    table[byte] = v[0]! >>> 16;
  }
  return table;
}

/** v = v * x, in place: one bit to the right, and what leaves comes back as the polynomial. */
function timesX(v: number[]): void {
  const leaves = v[3]! & 1;
  for (let i = 3; i > 0; i--) v[i] = (v[i]! >>> 1) | (v[i - 1]! << 31);
  v[0] = (v[0]! >>> 1) ^ (leaves === 1 ? POLYNOMIAL : 0);
}
