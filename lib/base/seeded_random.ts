/** A seeded generator for simulations and tests: xoshiro128** (Blackman & Vigna), seeded by splitmix32. */
import type { Random } from "./ports.ts";

/** Deterministic {@linkcode Random}. Not for keys or nonces of a real agent. */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * @param seed any 32-bit integer.
   * @param stream a name that gives each user of one seed a stream of its own (a node's name, "faults", ...).
   */
  constructor(seed: number, stream = "") {
    let state = (seed ^ hashText(stream)) | 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) | 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  uniform(): number {
    return this.#next() / 4294967296;
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#next() >>> 24;
  }

  #next(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }
}

/** FNV-1a over UTF-16 units: a stable 32-bit hash of a name. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
