/** Bytes that the program knows, compared and written four at a time: keys are most of what a push/pull consists of. */

/** Some bytes, in order. Build once, at module level. */
export class Literal {
  /** How many bytes. */
  readonly length: number;
  /** Big-endian; the last one is filled up with zeros. */
  readonly words: Int32Array;
  /** Which bits of the last word count. */
  readonly #lastMask: number;

  constructor(bytes: Uint8Array) {
    const count = (bytes.length + 3) >> 2;
    const view = new DataView(new ArrayBuffer(4 * count));
    bytes.forEach((byte, at) => view.setUint8(at, byte));
    this.length = bytes.length;
    this.words = Int32Array.from({ length: count }, (_, index) => view.getInt32(4 * index));
    this.#lastMask = -1 << (8 * (4 * count - bytes.length));
  }

  /**
   * Whether the bytes stand at `at`.
   * @param view must have bytes up to the end of the last word: up to three more than there are.
   */
  isAt(view: DataView, at: number): boolean {
    const words = this.words;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) if (view.getInt32(at + 4 * i) !== words[i]) return false;
    return ((view.getInt32(at + 4 * last) ^ words[last]!) & this.#lastMask) === 0;
  }
}
