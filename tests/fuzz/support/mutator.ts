/** Makes hostile bytes of good ones. Every choice comes from one seeded random. */
import type { Random } from "../../../lib/base/ports.ts";
import { containedValues, measureValue } from "../../../lib/wire/msgpack_scan.ts";

/** The longest input that is made. */
export const INPUT_BYTES_MAX = 1 << 16;
/** Longer ones than this are rare: they cost time. */
const USUAL_BYTES_MAX = 4096;
/** Numbers that lengths and counts like to lie with; the last one stands for "one more than there is". */
const LIES = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, -1];
/** Values of every family of MessagePack, some of them cut off or with a length that lies. */
const VALUES: readonly (readonly number[])[] = [
  [0xc0],
  [0xc1],
  [0xc2],
  [0xc3],
  [0x00],
  [0x7f],
  [0xff],
  [0xcc, 0xff],
  [0xcd, 0xff, 0xff],
  [0xce, 0xff, 0xff, 0xff, 0xff],
  [0xcf, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xd0, 0x80],
  [0xd1, 0x80, 0x00],
  [0xd2, 0x80, 0x00, 0x00, 0x00],
  [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0xca, 0x7f, 0x80, 0x00, 0x00],
  [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1],
  [0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0xa0],
  [0xa3, 0xff, 0xc3, 0x28],
  [0xd9, 0x01, 0x61],
  [0xda, 0xff, 0xff, 0x61],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0x80, 0x00, 0x00, 0x00],
  [0xc4, 0x02, 0x01, 0x02],
  [0xc5, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xc7, 0x01, 0x05, 0x00],
  [0xc8, 0xff, 0xff, 0x05],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x05],
  [0xd4, 0x05, 0x00],
  [0xd8, 0x05],
  [0x90],
  [0x92, 0x01, 0xcc, 0xff],
  [0x9f],
  [0xdc, 0xff, 0xff],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdd, 0x00, 0x00, 0x00, 0x01, 0xc0],
  [0x80],
  [0x81, 0xa0, 0xc0],
  [0x8f],
  [0xde, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0x80, 0x00, 0x00, 0x00],
];
/** What ends a container in texts. */
const CLOSERS = new Map([[0x5b, 0x5d], [0x7b, 0x7d], [0x28, 0x29]]);
const TEXT_OPENERS = [...CLOSERS.keys()];
const OPENERS = [0x91, 0x81, 0x9f, 0xdc, 0xdd, 0xde, 0x07, 0x00];

/** One per run; what {@linkcode mutate} returns is a copy. */
export class Mutator {
  readonly #random: Random;
  readonly #words: readonly Uint8Array[];
  readonly #msgpackAt: number | undefined;
  readonly #bytes = new Uint8Array(INPUT_BYTES_MAX);
  readonly #scratch = new Uint8Array(INPUT_BYTES_MAX);
  #length = 0;
  /** Whether this one may be long. */
  #isLong = false;

  constructor(random: Random, words: readonly Uint8Array[], msgpackAt: number | undefined) {
    this.#random = random;
    this.#words = words;
    this.#msgpackAt = msgpackAt;
  }

  /** @param other another good input, to be spliced with. */
  mutate(seed: Uint8Array, other: Uint8Array): Uint8Array {
    this.#length = 0;
    this.#isLong = this.#random.below(25) === 0;
    this.#insert(0, seed);
    for (let rounds = 1 + this.#random.below(4); rounds > 0; rounds--) this.#mutateOnce(other);
    if (!this.#isLong) this.#length = Math.min(this.#length, Math.max(USUAL_BYTES_MAX, seed.length));
    return this.#bytes.slice(0, this.#length);
  }

  #mutateOnce(other: Uint8Array): void {
    const random = this.#random;
    const isMsgpack = this.#msgpackAt !== undefined;
    switch (random.below(isMsgpack ? 16 : 11)) {
      case 0:
        this.#length = this.#somewhere();
        return;
      case 1:
        return this.#overwrite(random.below(256));
      case 2:
        if (this.#length > 0) this.#bytes[random.below(this.#length)]! ^= 1 << random.below(8);
        return;
      case 3:
        return this.#remove(this.#somewhere(), 1 + random.below(8));
      case 4:
        return this.#insert(this.#somewhere(), Uint8Array.of(random.below(256)));
      case 5:
      case 6:
        return this.#sow();
      case 7:
        return this.#lie();
      case 8:
        return this.#splice(other);
      case 9:
        return this.#repeat();
      case 10:
        return this.#nest();
      default:
        return this.#mutateValue();
    }
  }

  /** A word, in place of what stands there or before it. */
  #sow(): void {
    if (this.#words.length === 0) return;
    const word = this.#words[this.#random.below(this.#words.length)]!;
    const at = this.#somewhere();
    if (this.#random.below(2) === 0) this.#remove(at, word.length);
    this.#insert(at, word);
  }

  /** A number of 1, 2 or 4 bytes, big-endian, that is extreme or just wrong. */
  #lie(): void {
    const at = this.#somewhere(), size = 1 << this.#random.below(3);
    const lie = LIES[this.#random.below(LIES.length)]!;
    const value = lie < 0 ? this.#length - at - size + 1 : lie;
    for (let i = 0; i < size && at + i < this.#length; i++) {
      this.#bytes[at + i] = value >>> (8 * (size - 1 - i));
    }
  }

  /** A beginning, and the end of another one. */
  #splice(other: Uint8Array): void {
    this.#length = this.#somewhere();
    this.#insert(this.#length, other.subarray(this.#random.below(other.length + 1)));
  }

  /** A piece, often the head, over and over. */
  #repeat(): void {
    const from = this.#random.below(3) === 0 ? this.#somewhere() : 0;
    const size = Math.min(1 + this.#random.below(40), this.#length - from);
    const piece = this.#bytes.slice(from, from + size);
    const times = 1 + this.#random.below(this.#isLong ? 2000 : 12);
    for (let i = 0; i < times && this.#length + size <= INPUT_BYTES_MAX; i++) this.#insert(from, piece);
  }

  /** Many openers of containers, and perhaps as many closers; best where there is one already. */
  #nest(): void {
    const openers = this.#msgpackAt === undefined ? TEXT_OPENERS : OPENERS;
    const opener = openers[this.#random.below(openers.length)]!;
    const depth = 1 + this.#random.below(this.#isLong ? INPUT_BYTES_MAX / 4 : 40);
    const known = this.#random.below(2) * (1 + this.#bytes.subarray(0, this.#length).indexOf(opener));
    const at = known > 0 ? known : this.#somewhere();
    this.#insert(at, new Uint8Array(depth).fill(opener));
    const closer = CLOSERS.get(opener);
    if (closer === undefined || this.#random.below(2) === 0) return;
    this.#insert(Math.min(this.#length, at + depth), new Uint8Array(depth).fill(closer));
  }

  /** Finds the values, and does something to one that leaves the others whole. */
  #mutateValue(): void {
    const found = this.#findValue();
    if (found === undefined) return this.#overwrite(this.#random.below(256));
    const [at, size] = found;
    const value = VALUES[this.#random.below(VALUES.length)]!;
    switch (this.#random.below(4)) {
      case 0:
        return this.#insert(at, this.#bytes.slice(at, at + size));
      case 1:
        return this.#remove(at, size);
      case 2:
        return this.#insert(at, Uint8Array.from(value));
      default:
        this.#remove(at, size);
        return this.#insert(at, Uint8Array.from(value));
    }
  }

  /** One of the first 64 values or headers of containers, anywhere; undefined when there is none. */
  #findValue(): [at: number, size: number] | undefined {
    let left = this.#random.below(64);
    let found: [number, number] | undefined;
    let pending = 1;
    for (let at = this.#msgpackAt!; left >= 0 && pending > 0; left--) {
      let size: number;
      try {
        size = measureValue(this.#bytes, at, this.#length);
      } catch {
        break;
      }
      if (size === 0 || at + size > this.#length) break;
      found = [at, size];
      pending += containedValues - 1;
      at += size;
    }
    return found;
  }

  #overwrite(value: number): void {
    if (this.#length > 0) this.#bytes[this.#random.below(this.#length)] = value;
  }

  #somewhere(): number {
    return this.#random.below(this.#length + 1);
  }

  #remove(at: number, size: number): void {
    const end = Math.min(this.#length, at + size);
    this.#bytes.copyWithin(at, end, this.#length);
    this.#length -= end - at;
  }

  #insert(at: number, piece: Uint8Array): void {
    const size = Math.min(piece.length, INPUT_BYTES_MAX - this.#length);
    this.#scratch.set(piece.subarray(0, size));
    this.#bytes.copyWithin(at + size, at, this.#length);
    this.#bytes.set(this.#scratch.subarray(0, size), at);
    this.#length += size;
  }
}
