import { equal, throws } from "../../support/assert.ts";
import { AssertionError } from "../../../lib/base/assert.ts";
import { WireError } from "../../../lib/base/errors.ts";
import { aes192Gcm } from "../../../lib/wire/aes192.ts";
import {
  checkSealed,
  CIPHER_OVERHEAD_BYTES,
  CIPHER_V0_OVERHEAD_BYTES,
  type CipherVersion,
  openSealed,
  sealedBytes,
  sealInto,
} from "../../../lib/wire/packet_cipher.ts";
import { fromHex, toHex } from "../../golden/sample.ts";

const NONE: Uint8Array = new Uint8Array(0);
const NONCE = fromHex("000102030405060708090a0b");
const keyOf = (length: number) => Uint8Array.from({ length }, (_, index) => index);

function seal(
  key: Uint8Array,
  plain: Uint8Array,
  aad: Uint8Array = NONE,
  version: CipherVersion = 1,
): Uint8Array {
  const target = new Uint8Array(sealedBytes(version, plain.length));
  equal(sealInto(target, 0, key, NONCE, plain, aad, version, aes192Gcm), target.length);
  return target;
}

const open = (key: Uint8Array, sealed: Uint8Array, aad: Uint8Array = NONE) => {
  checkSealed(sealed, 0, sealed.length);
  return openSealed(key, sealed, 0, sealed.length, aad, aes192Gcm);
};

Deno.test("sealInto() gives the answers of the GCM specification's test cases for all three key sizes", () => {
  const cases: [number, string][] = [
    [16, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"],
    [24, "98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb"],
    [32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"],
  ];
  for (const [length, expected] of cases) {
    const target = new Uint8Array(45);
    sealInto(target, 0, new Uint8Array(length), new Uint8Array(12), new Uint8Array(16), NONE, 1, aes192Gcm);
    equal(toHex(target), "01" + "00".repeat(12) + expected);
  }
});

Deno.test("openSealed() undoes sealInto() for all keys, versions and lengths around the block size", () => {
  for (const length of [16, 24, 32]) {
    const key = keyOf(length);
    for (const version of [0, 1] as const) {
      for (const aad of [NONE, fromHex("0a0000002d666f6f")]) {
        for (let size = 0; size <= 33; size++) {
          const plain = keyOf(size);
          const sealed = seal(key, plain, aad, version);
          equal(sealed[0], version);
          equal(toHex(open(key, sealed, aad)!), toHex(plain));
        }
      }
    }
  }
});

Deno.test("sealedBytes(): version 1 adds 29 bytes, version 0 adds 30 to 45", () => {
  equal(CIPHER_OVERHEAD_BYTES, 29);
  equal(CIPHER_V0_OVERHEAD_BYTES, 45);
  equal(sealedBytes(1, 100), 129);
  equal(sealedBytes(0, 0), 45);
  equal(sealedBytes(0, 15), 45);
  equal(sealedBytes(0, 16), 61);
});

Deno.test("openSealed() says null for another key, other authenticated data, and any changed byte", () => {
  for (const length of [16, 24, 32]) {
    const key = keyOf(length);
    const sealed = seal(key, keyOf(20), fromHex("aa"));
    equal(open(keyOf(length).fill(9), sealed, fromHex("aa")), null);
    equal(open(key, sealed, fromHex("ab")), null);
    equal(open(key, sealed), null);
    for (let i = 1; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i]! ^= 0x80;
      equal(open(key, changed, fromHex("aa")), null);
    }
  }
});

Deno.test("openSealed() of version 0 believes the padding, unless it is longer than the data", () => {
  const key = keyOf(32);
  const withLast = (last: number) => {
    const plain = keyOf(32);
    plain[31] = last;
    const sealed = seal(key, plain);
    sealed[0] = 0; // The version byte is not authenticated.
    return open(key, sealed)!;
  };
  equal(withLast(1).length, 31);
  equal(withLast(20).length, 12);
  equal(withLast(32).length, 0);
  equal(withLast(0).length, 32);
  throws(() => withLast(33), WireError);
});

Deno.test("checkSealed() wants a known version and the least length of it", () => {
  const ofLength = (version: number, length: number) => () => {
    const bytes = new Uint8Array(length);
    if (length > 0) bytes[0] = version;
    return checkSealed(bytes, 0, length);
  };
  equal(ofLength(1, 29)(), 1);
  equal(ofLength(0, 45)(), 0);
  const isText = (text: string) => (error: unknown) => error instanceof WireError && error.message === text;
  throws(ofLength(1, 28), isText("Payload is too small to decrypt: 28"));
  throws(ofLength(0, 44), isText("Payload is too small to decrypt: 44"));
  throws(ofLength(2, 100), isText("Unsupported encryption version 2"));
  throws(ofLength(0, 0), WireError);
});

Deno.test("a key of 24 bytes needs the AES-192 port", () => {
  const target = new Uint8Array(64);
  throws(() => sealInto(target, 0, keyOf(24), NONCE, NONE, NONE), AssertionError);
  throws(() => openSealed(keyOf(24), target, 0, 64, NONE), AssertionError);
});

Deno.test("openSealed() and sealInto() stay within their bounds", () => {
  const key = keyOf(16);
  const target = new Uint8Array(60).fill(0xee);
  const length = sealInto(target, 5, key, NONCE, fromHex("6162"), NONE);
  equal(length, 31);
  equal(toHex(openSealed(key, target, 5, 36, NONE)!), "6162");
  equal(target[4], 0xee);
  equal(target.subarray(36).every((byte) => byte === 0xee), true);
});

Deno.test("openSealed() gives plain bytes, whose slice() is a copy", () => {
  for (const size of [16, 32]) {
    const key = new Uint8Array(size).fill(size);
    const sealed = new Uint8Array(sealedBytes(1, 5));
    sealInto(sealed, 0, key, new Uint8Array(12), Uint8Array.of(1, 2, 3, 4, 5), new Uint8Array(0));
    const plain = openSealed(key, sealed, 0, sealed.length, new Uint8Array(0))!;
    equal(Object.getPrototypeOf(plain), Uint8Array.prototype);
    equal(plain.slice(1, 3).buffer.byteLength, 2);
  }
});
