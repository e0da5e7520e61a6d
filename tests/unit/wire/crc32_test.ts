import { equal, throws } from "../../support/assert.ts";
import { WireError } from "../../../lib/base/errors.ts";
import { checkCrcHeader, crc32, writeCrcHeader } from "../../../lib/wire/crc32.ts";
import { fromHex, toHex } from "../../golden/sample.ts";

const check = (hex: string) => {
  const bytes = fromHex(hex);
  return checkCrcHeader(bytes, 0, bytes.length);
};

Deno.test("crc32() is CRC-32/IEEE, unsigned", () => {
  equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  equal(crc32(new Uint8Array(0)), 0);
});

Deno.test("writeCrcHeader() fills the five bytes that checkCrcHeader() passes", () => {
  const packet = fromHex("00000000000b81a55365714e6f01");
  writeCrcHeader(packet);
  equal(packet[0], 0x0c);
  equal(check(toHex(packet)), 5);
  for (let i = 1; i < packet.length; i++) {
    const broken = packet.slice();
    broken[i]! ^= 1;
    throws(() => check(toHex(broken)), WireError);
  }
});

Deno.test("checkCrcHeader() passes packets without a checksum, and those too short for one", () => {
  equal(check("0080"), 0);
  equal(check(""), 0);
  equal(check("0c000000"), 0);
  equal(check("0c00000000"), 5);
});
