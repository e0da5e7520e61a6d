import { createCipheriv, createDecipheriv } from "node:crypto";
import fc from "fast-check";
import { BLOCK_GCM_BYTES_MAX, BlockGcm } from "../../../lib/wire/block_gcm.ts";
import { deepEqual, equal, throws } from "../../support/assert.ts";

function fromHex(text: string): Uint8Array {
  return new Uint8Array((text.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
}

function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const target = new Uint8Array(plaintext.length + 16 + 3);
  new BlockGcm(key).sealInto(target, 3, nonce, plaintext, aad);
  deepEqual(target.subarray(0, 3), new Uint8Array(3));
  return target.slice(3);
}

/** The native mode, as the oracle. */
function sealNatively(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(key.length === 16 ? "aes-128-gcm" : "aes-256-gcm", key, nonce);
  if (aad.length > 0) cipher.setAAD(aad);
  const body = cipher.update(plaintext);
  cipher.final();
  return new Uint8Array([...body, ...cipher.getAuthTag()]);
}

// "The Galois/Counter Mode of Operation", McGrew and Viega, appendix B: cases 1 to 4 and 13 to 16.
const K128 = "feffe9928665731c6d6a8f9467308308";
const TEXT =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525" +
  "b16aedf5aa0de657ba637b391aafd255";
const AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const CASES: [name: string, key: string, nonce: string, plaintext: string, aad: string, sealed: string][] = [
  ["1", "00".repeat(16), "00".repeat(12), "", "", "58e2fccefa7e3061367f1d57a4e7455a"],
  [
    "2",
    "00".repeat(16),
    "00".repeat(12),
    "00".repeat(16),
    "",
    "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
  ],
  [
    "4",
    K128,
    "cafebabefacedbaddecaf888",
    TEXT.slice(0, 120),
    AAD,
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091" +
    "5bc94fbc3221a5db94fae95ae7121a47",
  ],
  ["13", "00".repeat(32), "00".repeat(12), "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
  [
    "16",
    K128 + K128,
    "cafebabefacedbaddecaf888",
    TEXT.slice(0, 120),
    AAD,
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
    "76fc6ece0f4e1768cddf8853bb2d551b",
  ],
];

for (const [name, key, nonce, plaintext, aad, sealed] of CASES) {
  Deno.test(`BlockGcm seals and opens test case ${name} of the GCM specification`, () => {
    const gcm = new BlockGcm(fromHex(key));
    deepEqual(seal(fromHex(key), fromHex(nonce), fromHex(plaintext), fromHex(aad)), fromHex(sealed));
    deepEqual(gcm.open(fromHex(nonce), fromHex(sealed), fromHex(aad)), fromHex(plaintext));
  });
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const key = fc.oneof(bytes(16), bytes(32));
const text = fc.uint8Array({ maxLength: BLOCK_GCM_BYTES_MAX });
const aad = fc.uint8Array({ maxLength: 300 });

Deno.test("BlockGcm.sealInto() gives what the native mode gives, and the native mode opens it", () => {
  fc.assert(
    fc.property(key, bytes(12), text, aad, (key, nonce, plaintext, aad) => {
      const sealed = seal(key, nonce, plaintext, aad);
      deepEqual(sealed, sealNatively(key, nonce, plaintext, aad));
      const decipher = createDecipheriv(key.length === 16 ? "aes-128-gcm" : "aes-256-gcm", key, nonce);
      if (aad.length > 0) decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(plaintext.length));
      deepEqual(new Uint8Array(decipher.update(sealed.subarray(0, plaintext.length))), plaintext);
      decipher.final();
    }),
    { numRuns: 500 },
  );
});

Deno.test("BlockGcm.open() gives back every length up to the limit, with one instance", () => {
  const gcm = new BlockGcm(new Uint8Array(32).fill(9));
  for (let length = 0; length <= BLOCK_GCM_BYTES_MAX; length++) {
    const plaintext = new Uint8Array(length).map((_, i) => i * 7 + length);
    const target = new Uint8Array(length + 16);
    const nonce = new Uint8Array(12).fill(length & 255);
    gcm.sealInto(target, 0, nonce, plaintext, new Uint8Array(length % 40));
    deepEqual(gcm.open(nonce, target, new Uint8Array(length % 40)), plaintext);
  }
});

Deno.test("BlockGcm.open() refuses any flipped bit, another nonce, other data and another key", () => {
  fc.assert(fc.property(key, bytes(12), text, aad, fc.nat(), (key, nonce, plaintext, aad, where) => {
    const gcm = new BlockGcm(key);
    const sealed = seal(key, nonce, plaintext, aad);
    const flip = (source: Uint8Array) => {
      const copy = source.slice();
      copy[where % copy.length]! ^= 1 << (where % 8);
      return copy;
    };
    equal(gcm.open(nonce, flip(sealed), aad), null);
    equal(gcm.open(flip(nonce), sealed, aad), null);
    equal(gcm.open(nonce, sealed, new Uint8Array([...aad, 0])), null);
    equal(new BlockGcm(flip(key)).open(nonce, sealed, aad), null);
  }));
});

Deno.test("BlockGcm refuses what belongs to the native mode", () => {
  const gcm = new BlockGcm(new Uint8Array(16));
  const long = BLOCK_GCM_BYTES_MAX + 1;
  const none = new Uint8Array(0);
  throws(() => gcm.sealInto(new Uint8Array(long + 16), 0, new Uint8Array(12), new Uint8Array(long), none));
  throws(() => gcm.open(new Uint8Array(12), new Uint8Array(15), none));
});
