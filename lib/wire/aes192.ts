/** AES-192-GCM by @noble/ciphers. Import it dynamically, when there is a key of 24 bytes and not before. */
import { gcm } from "@noble/ciphers/aes.js";
import type { Aes192Gcm } from "./packet_cipher.ts";

/** The implementation of the {@linkcode Aes192Gcm} port. Stateless. */
export const aes192Gcm: Aes192Gcm = {
  seal(key, nonce, plaintext, aad) {
    return gcm(key, nonce, aad).encrypt(plaintext);
  },

  open(key, nonce, sealed, aad) {
    try {
      return gcm(key, nonce, aad).decrypt(sealed);
    } catch {
      return null;
    }
  },
};
