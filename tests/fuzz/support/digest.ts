/** Two numbers about any value: a hash, to compare what was decoded, and a weight, to see that it is not too much. */

const FLOAT = new Float64Array(1);
const FLOAT_BITS = new Uint32Array(FLOAT.buffer);
/** What each value weighs besides its characters or bytes: about that many bytes of memory. */
const VALUE_WEIGHT = 8;
const UNDEFINED = 1,
  NULL = 2,
  TRUE = 3,
  FALSE = 4,
  NUMBER = 5,
  BIGINT = 6,
  TEXT = 7,
  BYTES = 8,
  LIST = 9,
  MAP = 10,
  RECORD = 11;

/**
 * The hash of a value, in which lists and Maps have an order and the keys of records have none. Views of `input` must
 * lie between `start` and `end`.
 */
export class Digest {
  hash = 0;
  /** Bytes and characters, and 8 for each value. */
  weight = 0;
  readonly #input: ArrayBufferLike | undefined;
  readonly #start: number;
  readonly #end: number;

  /** @param input an array that owns its buffer, of which only `[start, end)` may be seen. */
  constructor(value: unknown, input?: Uint8Array, start = 0, end = 0) {
    this.#input = input?.buffer;
    this.#start = start;
    this.#end = end;
    this.hash = this.#of(value) >>> 0;
  }

  #of(value: unknown): number {
    this.weight += VALUE_WEIGHT;
    switch (typeof value) {
      case "undefined":
        return UNDEFINED;
      case "boolean":
        return value ? TRUE : FALSE;
      case "number":
        // Engines do not keep the bits of a NaN.
        FLOAT[0] = Number.isNaN(value) ? NaN : value;
        return mix(mix(NUMBER, FLOAT_BITS[0]!), FLOAT_BITS[1]!);
      case "bigint":
        return this.#text(BIGINT, value.toString());
      case "string":
        return this.#text(TEXT, value);
      default:
        return value === null ? NULL : this.#object(value as object);
    }
  }

  #object(value: object): number {
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (Array.isArray(value)) {
      let hash = LIST;
      for (const item of value) hash = mix(hash, this.#of(item));
      return hash;
    }
    if (value instanceof Map) {
      let hash = MAP;
      for (const [key, item] of value) hash = mix(mix(hash, this.#of(key)), this.#of(item));
      return hash;
    }
    let hash = RECORD;
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key];
      // A sum: the order does not count.
      if (item !== undefined) hash = hash + mix(this.#text(TEXT, key), this.#of(item)) | 0;
    }
    return hash;
  }

  #text(kind: number, text: string): number {
    this.weight += text.length;
    let hash = kind;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return mix(hash, text.length);
  }

  #bytes(bytes: Uint8Array): number {
    const from = bytes.byteOffset, to = from + bytes.length;
    // An empty view may be anywhere: nothing can be read through it.
    if (bytes.buffer === this.#input && bytes.length > 0 && (from < this.#start || to > this.#end)) {
      throw new Error(`a view of bytes ${from} to ${to} leaves the input, ${this.#start} to ${this.#end}`);
    }
    this.weight += bytes.length;
    let hash = BYTES;
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    return mix(hash, bytes.length);
  }
}

function mix(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x9e3779b1);
  return product ^ (product >>> 15);
}
