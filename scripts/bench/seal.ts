/** Encrypts a packet as Serf does (protocol.md A.7, version 1), independently of the code under test. */
import { Buffer } from "node:buffer";
import { createCipheriv, randomBytes } from "node:crypto";

/** @param key 16 or 32 bytes. @returns version byte, nonce, ciphertext, tag. */
export function gcmSeal(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(key.length === 16 ? "aes-128-gcm" : "aes-256-gcm", key, nonce);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return new Uint8Array(Buffer.concat([Buffer.from([1]), nonce, body, cipher.getAuthTag()]));
}
