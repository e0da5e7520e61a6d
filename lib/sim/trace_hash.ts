/** A running hash over everything that happens in a simulation: two runs are the same exactly when theirs is. */

const SCRATCH = new DataView(new ArrayBuffer(8));

/**
 * Two 32-bit multiply-rotate lanes, which is 64 bits: enough to tell runs apart, and no more. Not cryptographic.
 * Mixing allocates nothing.
 */
export class TraceHash {
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;

  /** Mixes in 32 bits of an integer. */
  int(value: number): void {
    this.#a = Math.imul(((this.#a << 5) | (this.#a >>> 27)) ^ value, 0x27220a95);
    this.#b = Math.imul(((this.#b << 13) | (this.#b >>> 19)) + value, 0x165667b1);
  }

  /** Mixes in a float, exactly (times have fractions). */
  float(value: number): void {
    SCRATCH.setFloat64(0, value);
    this.int(SCRATCH.getInt32(0));
    this.int(SCRATCH.getInt32(4));
  }

  /** Mixes in a text and its length. */
  text(value: string): void {
    this.int(value.length);
    for (let i = 0; i < value.length; i++) this.int(value.charCodeAt(i));
  }

  /** Mixes in `bytes[0..length)` and the length. */
  bytes(bytes: Uint8Array, length = bytes.length): void {
    this.int(length);
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      this.int(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    }
    for (; i < length; i++) this.int(bytes[i]!);
  }

  /** @returns 16 hexadecimal digits. The hash goes on from there. */
  digest(): string {
    return hex(finish(this.#a ^ this.#b)) + hex(finish(this.#b + Math.imul(this.#a, 31)));
  }
}

function finish(lane: number): number {
  lane = Math.imul(lane ^ (lane >>> 16), 0x21f0aaad);
  lane = Math.imul(lane ^ (lane >>> 15), 0x735a2d97);
  return (lane ^ (lane >>> 15)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
