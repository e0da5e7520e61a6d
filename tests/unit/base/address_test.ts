import { deepEqual, equal, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { Address, ipText, isV4Mapped, parseIp, sameIp, toV4Mapped } from "../../../lib/base/address.ts";
import { OptionError } from "../../../lib/base/errors.ts";

Deno.test("ipText() prints IPv6 as RFC 5952 says", () => {
  const cases: [string, string][] = [
    ["::1", "::1"],
    ["::", "::"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
    ["fe80::1%eth0", "fe80::1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ];
  for (const [input, output] of cases) equal(ipText(parseIp(input)!), output, input);
});

Deno.test("parseIp() refuses what is not an IP literal", () => {
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.x",
    ":::",
    "1::2::3",
    "1:2:3",
    "g::1",
    "1.2.3.4::",
    "1:1.2.3.4::1",
    "::1.2.3.4:1",
  ];
  for (const text of [...wrong, "12345::1", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8"]) {
    equal(parseIp(text), undefined, text);
  }
});

Deno.test("parseIp() reads a v4-mapped text as the IPv4 host that it names", () => {
  deepEqual(parseIp("::ffff:10.1.2.3"), new Uint8Array([10, 1, 2, 3]));
});

Deno.test("parseIp() and ipText() are inverse", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (ip) => {
    if (isV4Mapped(ip)) return;
    deepEqual(parseIp(ipText(ip)), ip);
  }));
  fc.assert(fc.property(fc.ipV4(), (text) => equal(ipText(parseIp(text)!), text)));
  fc.assert(
    fc.property(fc.ipV6(), (text) => equal(ipText(parseIp(ipText(parseIp(text)!))!), ipText(parseIp(text)!))),
  );
});

Deno.test("a v4-mapped address reads as plain IPv4 and keeps its 16 bytes", () => {
  const mapped = Address.fromBytes(toV4Mapped(new Uint8Array([10, 0, 0, 7])), 7946)!;
  equal(mapped.toString(), "10.0.0.7:7946");
  equal(mapped.ip.length, 16);
  equal(mapped.equals(Address.fromHost("10.0.0.7", 7946)), true);
  equal(mapped.equals(Address.fromHost("10.0.0.7", 7947)), false);
});

Deno.test("Address.fromBytes() takes 4 or 16 bytes and copies them", () => {
  const bytes = new Uint8Array([127, 0, 0, 1]);
  const address = Address.fromBytes(bytes, 1)!;
  bytes[3] = 9;
  equal(address.host, "127.0.0.1");
  for (const length of [0, 3, 5, 15, 17]) equal(Address.fromBytes(new Uint8Array(length), 1), undefined);
});

Deno.test("Address.toString() puts brackets around IPv6", () => {
  equal(Address.fromHost("::1", 7946).toString(), "[::1]:7946");
});

Deno.test("Address.fromHost() refuses a name", () => {
  throws(() => Address.fromHost("localhost", 1), OptionError);
});

Deno.test("ipText() shows odd lengths as Go does", () => {
  equal(ipText(new Uint8Array(0)), "<nil>");
  equal(ipText(new Uint8Array([1, 171])), "?01ab");
});

Deno.test("Address.fromBytes() tells addresses apart however many there are, and copies what it is given", () => {
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 20_000; i++) {
    bytes[0] = 10;
    bytes[2] = i >> 8;
    bytes[3] = i;
    const address = Address.fromBytes(bytes, 7946 + i % 3)!;
    bytes.fill(0);
    equal(address.toString(), `10.0.${i >> 8}.${i & 255}:${7946 + i % 3}`);
  }
});

Deno.test("Address.fromBytes() keeps the 4-byte and the mapped form apart", () => {
  const v4 = Uint8Array.of(10, 1, 2, 3);
  equal(Address.fromBytes(v4, 1)!.ip.length, 4);
  equal(Address.fromBytes(toV4Mapped(v4), 1)!.ip.length, 16);
  equal(Address.fromBytes(v4, 1)!.ip.length, 4);
});

Deno.test("Address.isIpv6 tells which socket reaches it: a v4-mapped address is an IPv4 one", () => {
  const mapped = toV4Mapped(Uint8Array.of(10, 0, 0, 1));
  deepEqual(
    [Address.fromHost("10.0.0.1", 1), Address.fromHost("::1", 1), Address.fromBytes(mapped, 1)!].map((it) =>
      it.isIpv6
    ),
    [false, true, false],
  );
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
