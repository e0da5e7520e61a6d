import { deepEqual, equal, throws } from "../../support/assert.ts";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeGoBase64 } from "../../../lib/agent/go_base64.ts";

/** Offsets as HashiCorp's agent 0.9.4 printed them, where it was asked. */
const FAULTS: readonly (readonly [text: string, offset: number])[] = [
  ["abc", 0],
  ["!!!!", 0],
  [" AAECAwQFBgcICQoLDA0ODw==", 0],
  ["AAECAwQFBgcICQoLDA0ODw", 20],
  ["AAECAwQFBgcICQoLDA0ODw=", 23],
  ["AAA!", 3],
  ["=", 0],
  ["A=AA", 1],
  ["AA=A", 2],
  ["AA==A", 4],
  ["AAA=A", 4],
  ["AAAA-___", 4],
];

Deno.test("decodeGoBase64() names the offset of the fault", () => {
  for (const [text, offset] of FAULTS) {
    throws(() => decodeGoBase64(text), { message: `illegal base64 data at input byte ${offset}` }, text);
  }
});

Deno.test("decodeGoBase64() ignores line ends and unused bits", () => {
  deepEqual([...decodeGoBase64("AAEC\r\nAw=\n=\n")], [0, 1, 2, 3]);
  deepEqual([...decodeGoBase64("Dx==")], [15]);
  equal(decodeGoBase64("").length, 0);
});

Deno.test("decodeGoBase64() reverses every encoding", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
    deepEqual(decodeGoBase64(Buffer.from(bytes).toString("base64")), bytes);
  }));
});
