import { deepEqual, equal, throws } from "../../support/assert.ts";
import { KeyringError, WireError } from "../../../lib/base/errors.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import { aes192Gcm } from "../../../lib/wire/aes192.ts";
import { toHex } from "../../golden/sample.ts";

const NONE = new Uint8Array(0);
const key = (fill: number, length = 32) => new Uint8Array(length).fill(fill);
const shown = (keyring: Keyring) => keyring.list().map((installed) => installed[0]);
const fails = (text: string) => (error: unknown) => error instanceof KeyringError && error.message === text;

function seal(keyring: Keyring, text: string, random = new SeededRandom(1)): Uint8Array {
  const plain = new TextEncoder().encode(text);
  const target = new Uint8Array(plain.length + 29);
  equal(keyring.sealInto(target, 0, plain, NONE, random), target.length);
  return target;
}

const open = (keyring: Keyring, sealed: Uint8Array) =>
  new TextDecoder().decode(keyring.open(sealed, 0, sealed.length, NONE));

Deno.test("Keyring keeps the primary first, keys once, and copies of them", () => {
  const first = key(1);
  const keyring = new Keyring([first, key(2), key(1)]);
  first.fill(9);
  deepEqual(shown(keyring), [1, 2]);
  equal(keyring.primary[0], 1);
  keyring.install(key(3, 16));
  keyring.install(key(2));
  deepEqual(shown(keyring), [1, 2, 3]);
  keyring.use(key(3, 16));
  deepEqual(shown(keyring), [3, 1, 2]);
  keyring.remove(key(1));
  keyring.remove(key(7));
  deepEqual(shown(keyring), [3, 2]);
  equal(keyring.has(key(2)), true);
  equal(keyring.has(key(2, 16)), false);
});

Deno.test("Keyring refuses what HashiCorp's refuses, in the same words, and stays as it was", () => {
  const keyring = new Keyring([key(1), key(2)]);
  throws(() => keyring.install(key(3, 20)), fails("key size must be 16, 24 or 32 bytes"));
  throws(() => keyring.install(NONE), fails("key size must be 16, 24 or 32 bytes"));
  throws(() => keyring.use(key(3)), fails("Requested key is not in the keyring"));
  throws(() => keyring.remove(key(1)), fails("Removing the primary key is not allowed"));
  deepEqual(shown(keyring), [1, 2]);
  throws(() => new Keyring([]), KeyringError);
  throws(() => new Keyring([key(1, 31)]), KeyringError);
});

Deno.test("Keyring takes keys of 24 bytes only with AES-192", () => {
  throws(() => new Keyring([key(1, 24)]), KeyringError);
  const keyring = new Keyring([key(1, 24)], aes192Gcm);
  equal(open(keyring, seal(keyring, "hello")), "hello");
});

Deno.test("Keyring takes a key of 24 bytes from the moment on that AES-192 is there", () => {
  const keyring = new Keyring([key(2)]);
  const fault = fails("keys of 24 bytes (AES-192) are not available");
  throws(() => keyring.install(key(1, 24)), fault);
  deepEqual(shown(keyring), [2]);
  keyring.supportAes192(aes192Gcm);
  keyring.install(key(1, 24));
  equal(open(keyring, seal(new Keyring([key(1, 24)], aes192Gcm), "theirs")), "theirs");
  keyring.use(key(1, 24));
  equal(open(keyring, seal(keyring, "ours")), "ours");
});

Deno.test("Keyring seals with the primary key and opens with any", () => {
  const old = new Keyring([key(1, 16)]);
  const both = new Keyring([key(2), key(1, 16)]);
  const sealed = seal(old, "hello");
  equal(open(both, sealed), "hello");
  throws(
    () => open(old, seal(both, "hello")),
    (error) => error instanceof WireError && error.message === "No installed keys could decrypt the message",
  );
});

Deno.test("Keyring takes a new nonce from Random for every message", () => {
  const keyring = new Keyring([key(1)]);
  const random = new SeededRandom(5);
  const nonces = new Set(Array.from({ length: 50 }, () => toHex(seal(keyring, "x", random).subarray(1, 13))));
  equal(nonces.size, 50);
});

Deno.test("Keyring.open() refuses what is too short or of an unknown version, with any keys", () => {
  const keyring = new Keyring([key(1)]);
  for (const length of [0, 1, 28]) throws(() => open(keyring, new Uint8Array(length).fill(1)), WireError);
  throws(() => open(keyring, new Uint8Array(100).fill(2)), WireError);
  throws(() => open(keyring, new Uint8Array(100)), WireError);
});
