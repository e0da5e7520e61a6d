/**
 * AES-GCM for short packets, on the block cipher of node:crypto.
 *
 * `createCipheriv("aes-256-gcm", ...)` builds a stream object for every packet: of the 45 us that an encrypted ping and
 * its ack once cost more than plain ones, nearly all went there. GCM needs only the bare block cipher and one
 * multiplication per block (GHASH), and the block cipher can be kept for as long as the key is: ECB mode carries no
 * state from block to block. From about 512 bytes on the native mode is faster again, as its GHASH is.
 *
 * What that costs: GHASH by tables takes a time that depends, by way of the processor's cache, on data; who could measure
 * it to the nanosecond already runs code on this host. And on Deno 2.4 a kept cipher is never given back, about 1 kB
 * for each key that was ever used.
 *
 * NIST SP 800-38D: with H = E(0), J0 = nonce | 00000001,
 * ```
 * ciphertext = plaintext XOR E(J0 + 1) | E(J0 + 2) | ...
 * tag        = GHASH(H, aad | 0* | ciphertext | 0* | bits of aad, u64 | bits of ciphertext, u64) XOR E(J0)
 * ```
 */
import { createCipheriv } from "node:crypto";
import { assert } from "../base/assert.ts";
import { Ghash } from "./ghash.ts";

const BLOCK_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The longest text that is worth it; longer ones belong to the native mode. */
export const BLOCK_GCM_BYTES_MAX = 512;

/** One key, prepared. Reuses its buffers: not re-entrant. */
export class BlockGcm {
  readonly #cipher: { update(blocks: Uint8Array): Uint8Array };
  readonly #ghash: Ghash;
  /** The counter blocks J0, J0 + 1, ... */
  readonly #counters = new Uint8Array(BLOCK_GCM_BYTES_MAX + 2 * BLOCK_BYTES);
  readonly #tag = new Uint8Array(TAG_BYTES);

  /** @param key 16 or 32 bytes. */
  constructor(key: Uint8Array) {
    const cipher = createCipheriv(key.length === 16 ? "aes-128-ecb" : "aes-256-ecb", key, new Uint8Array(0));
    cipher.setAutoPadding(false);
    this.#cipher = cipher;
    this.#ghash = new Ghash(this.#encrypt(new Uint8Array(BLOCK_BYTES)));
    for (let at = 0, count = 1; at < this.#counters.length; at += BLOCK_BYTES, count++) {
      this.#counters[at + BLOCK_BYTES - 1] = count;
    }
  }

  /**
   * Writes ciphertext and tag into `target` at `offset`.
   *
   * @param plaintext at most {@linkcode BLOCK_GCM_BYTES_MAX} bytes; must not overlap the target.
   */
  sealInto(
    target: Uint8Array,
    offset: number,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    aad: Uint8Array,
  ): void {
    const stream = this.#keyStream(nonce, plaintext.length);
    for (let i = 0; i < plaintext.length; i++) target[offset + i] = plaintext[i]! ^ stream[BLOCK_BYTES + i]!;
    const end = offset + plaintext.length;
    this.#computeTag(target, offset, end, aad, stream);
    target.set(this.#tag, end);
  }

  /**
   * @param sealed ciphertext and tag; the ciphertext has at most {@linkcode BLOCK_GCM_BYTES_MAX} bytes.
   * @returns the plaintext in an array of its own, or null when key, data or tag do not fit.
   */
  open(nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | null {
    const length = sealed.length - TAG_BYTES;
    const stream = this.#keyStream(nonce, length);
    this.#computeTag(sealed, 0, length, aad, stream);
    // All bytes are compared, so that the time tells nothing about the first that differs.
    let difference = 0;
    for (let i = 0; i < TAG_BYTES; i++) difference |= this.#tag[i]! ^ sealed[length + i]!;
    if (difference !== 0) return null;
    const plaintext = new Uint8Array(length);
    for (let i = 0; i < length; i++) plaintext[i] = sealed[i]! ^ stream[BLOCK_BYTES + i]!;
    return plaintext;
  }

  /** @returns E(J0), then the key stream for `length` bytes. */
  #keyStream(nonce: Uint8Array, length: number): Uint8Array {
    assert(
      nonce.length === NONCE_BYTES && length >= 0 && length <= BLOCK_GCM_BYTES_MAX,
      "short packets only",
    );
    const counters = this.#counters;
    const end = BLOCK_BYTES * (1 + Math.ceil(length / BLOCK_BYTES));
    for (let at = 0; at < end; at += BLOCK_BYTES) {
      for (let i = 0; i < NONCE_BYTES; i++) counters[at + i] = nonce[i]!;
    }
    return this.#encrypt(counters.subarray(0, end));
  }

  #computeTag(bytes: Uint8Array, start: number, end: number, aad: Uint8Array, stream: Uint8Array): void {
    const ghash = this.#ghash;
    ghash.reset();
    ghash.update(aad, 0, aad.length);
    ghash.update(bytes, start, end);
    ghash.finishInto(this.#tag, aad.length, end - start);
    for (let i = 0; i < TAG_BYTES; i++) this.#tag[i]! ^= stream[i]!;
  }

  #encrypt(blocks: Uint8Array): Uint8Array {
    const encrypted = this.#cipher.update(blocks);
    assert(encrypted.length === blocks.length, "the block cipher holds nothing back");
    return encrypted;
  }
}
