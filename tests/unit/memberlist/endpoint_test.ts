import { equal } from "../../support/assert.ts";
import { bytesEqual, sameIp } from "../../../lib/memberlist/endpoint.ts";
import { toV4Mapped } from "../../../lib/base/address.ts";

Deno.test("bytesEqual() compares lengths and bytes", () => {
  equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
});

Deno.test("sameIp() takes an IPv4 address and its v4-mapped form for one, in either order", () => {
  const v4 = Uint8Array.of(10, 0, 0, 1);
  equal(sameIp(v4, toV4Mapped(v4)), true);
  equal(sameIp(toV4Mapped(v4), v4), true);
  equal(sameIp(toV4Mapped(v4), Uint8Array.of(10, 0, 0, 2)), false);
  equal(sameIp(v4, Uint8Array.of(10, 0, 0, 1)), true);
});

Deno.test("sameIp() does not take an IPv6 address that ends like an IPv4 one for it", () => {
  const v4 = Uint8Array.of(10, 0, 0, 1);
  const v6 = toV4Mapped(v4).slice();
  v6[10] = 0xfe;
  equal(sameIp(v4, v6), false);
  v6[10] = 0xff;
  v6[0] = 0x20;
  equal(sameIp(v4, v6), false);
});

Deno.test("sameIp() is false for lengths that are no IP", () => {
  equal(sameIp(Uint8Array.of(1), toV4Mapped(Uint8Array.of(1, 0, 0, 0))), false);
});
