/**
 * AES-GCM around packets and stream frames.
 *
 * ```
 * version 1   01 | nonce 12 | ciphertext, as long as the plaintext            | tag 16
 * version 0   00 | nonce 12 | ciphertext of the plaintext padded to 16 bytes  | tag 16
 *             padding: 1 to 16 bytes, each holding their number; the last byte is believed, unchecked
 * ```
 * Additional authenticated data: the label on packets; the five bytes `0a | length` and the label on streams. Keys of
 * 16, 24 or 32 bytes select AES-128, AES-192 or AES-256. protocol.md A.7.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { assert } from "../base/assert.ts";
import { WireError } from "../base/errors.ts";
import { BLOCK_GCM_BYTES_MAX, BlockGcm } from "./block_gcm.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;

/** The nonce's length. */
export const CIPHER_NONCE_BYTES = NONCE_BYTES;
/** What version 1 adds to a plaintext. */
export const CIPHER_OVERHEAD_BYTES: number = HEADER_BYTES + TAG_BYTES;
/** The most that version 0 adds to a plaintext. */
export const CIPHER_V0_OVERHEAD_BYTES: number = HEADER_BYTES + TAG_BYTES + BLOCK_BYTES;

/** 1 is what everybody sends; 0 comes from memberlist protocol 1 and is only understood. */
export type CipherVersion = 0 | 1;

/**
 * AES-192-GCM, which node:crypto does not have. Implemented by aes192.ts; injected, because what it is made of is
 * large and hardly ever needed.
 */
export interface Aes192Gcm {
  /** @returns ciphertext and tag, in an array of their own. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array;
  /** @param sealed ciphertext and tag. @returns the plaintext, or null when key, data or tag do not fit. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | null;
}

/** Keys that were used for short packets, for as long as their bytes live. bounded: by the keyring. */
const preparedKeys = new WeakMap<Uint8Array, BlockGcm>();

function preparedKey(key: Uint8Array): BlockGcm {
  let prepared = preparedKeys.get(key);
  if (prepared === undefined) preparedKeys.set(key, prepared = new BlockGcm(key));
  return prepared;
}

/** The size of a sealed plaintext of `length` bytes. */
export function sealedBytes(version: CipherVersion, length: number): number {
  return CIPHER_OVERHEAD_BYTES + length + (version === 0 ? paddingBytes(length) : 0);
}

function paddingBytes(length: number): number {
  return BLOCK_BYTES - length % BLOCK_BYTES;
}

/**
 * Seals `plaintext` into `target` at `offset`.
 *
 * @param key 16, 24 or 32 bytes, which do not change while it is in use; give the same array each time.
 * @param nonce 12 bytes, never used before with this key.
 * @param target has room for {@linkcode sealedBytes}; must not overlap `plaintext`.
 * @param aes192 needed for a key of 24 bytes.
 * @returns how many bytes were written.
 */
export function sealInto(
  target: Uint8Array,
  offset: number,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
  version: CipherVersion = 1,
  aes192?: Aes192Gcm,
): number {
  const padded = version === 0 ? pad(plaintext) : plaintext;
  target[offset] = version;
  target.set(nonce, offset + 1);
  const at = offset + HEADER_BYTES;
  if (key.length === 24) {
    assert(aes192 !== undefined, "a 24-byte key needs AES-192");
    target.set(aes192.seal(key, nonce, padded, aad), at);
  } else if (padded.length <= BLOCK_GCM_BYTES_MAX) {
    preparedKey(key).sealInto(target, at, nonce, padded, aad);
  } else {
    // Raw key bytes: KeyObjects do not work on every Deno that we support.
    const cipher = key.length === 16
      ? createCipheriv("aes-128-gcm", key, nonce)
      : createCipheriv("aes-256-gcm", key, nonce);
    if (aad.length > 0) cipher.setAAD(aad);
    target.set(cipher.update(padded), at);
    cipher.final();
    target.set(cipher.getAuthTag(), at + padded.length);
  }
  return HEADER_BYTES + padded.length + TAG_BYTES;
}

function pad(plaintext: Uint8Array): Uint8Array {
  const count = paddingBytes(plaintext.length);
  const padded = new Uint8Array(plaintext.length + count).fill(count);
  padded.set(plaintext);
  return padded;
}

/**
 * Checks what can be checked without a key. Call it before {@linkcode openSealed}.
 *
 * @throws {WireError} for an unknown version and for what is too short to be sealed.
 */
export function checkSealed(bytes: Uint8Array, start: number, end: number): CipherVersion {
  const length = end - start;
  if (length === 0) throw new WireError("Cannot decrypt empty payload", start);
  const version = bytes[start]!;
  // Agents of all versions send these two texts back on a stream.
  if (version > 1) throw new WireError(`Unsupported encryption version ${version}`, start);
  const least = version === 1 ? CIPHER_OVERHEAD_BYTES : CIPHER_V0_OVERHEAD_BYTES;
  if (length < least) throw new WireError(`Payload is too small to decrypt: ${length}`, start);
  return version as CipherVersion;
}

/**
 * Opens `bytes[start, end)`, which {@linkcode checkSealed} accepted, with one key.
 *
 * @returns the plaintext in an array of its own, or null when the key does not fit or the data was tampered with.
 * @throws {WireError} when version 0 padding is longer than the plaintext.
 */
export function openSealed(
  key: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  aad: Uint8Array,
  aes192?: Aes192Gcm,
): Uint8Array | null {
  const nonce = bytes.subarray(start + 1, start + HEADER_BYTES);
  const sealed = bytes.subarray(start + HEADER_BYTES, end);
  let plaintext: Uint8Array | null;
  if (key.length === 24) {
    assert(aes192 !== undefined, "a 24-byte key needs AES-192");
    plaintext = aes192.open(key, nonce, sealed, aad);
  } else if (sealed.length <= BLOCK_GCM_BYTES_MAX + TAG_BYTES) {
    plaintext = preparedKey(key).open(nonce, sealed, aad);
  } else plaintext = openWithNode(key, nonce, sealed, aad);
  return plaintext !== null && bytes[start] === 0 ? unpad(plaintext, start) : plaintext;
}

function openWithNode(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array | null {
  const decipher = key.length === 16
    ? createDecipheriv("aes-128-gcm", key, nonce)
    : createDecipheriv("aes-256-gcm", key, nonce);
  const tagAt = sealed.length - TAG_BYTES;
  if (aad.length > 0) decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(0, tagAt));
  try {
    decipher.final();
    // A Buffer's slice() is a view where everybody expects a copy, and would pin the packet.
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  } catch {
    return null;
  }
}

function unpad(plaintext: Uint8Array, offset: number): Uint8Array {
  const count = plaintext[plaintext.length - 1] ?? 0;
  if (count > plaintext.length) throw new WireError("padding is longer than the data", offset);
  return plaintext.subarray(0, plaintext.length - count);
}
