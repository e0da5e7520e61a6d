import { deepEqual, equal, rejects } from "../../support/assert.ts";
import {
  chooseAdvertised,
  chooseBind,
  choosePrivate,
  isWildcard,
  resolveHostPort,
} from "../../../lib/agent/address_choice.ts";
import { isForwardable, isLinkLocal, isPrivate } from "../../../lib/base/special_addresses.ts";
import { Address, parseIp, toV4Mapped } from "../../../lib/base/address.ts";
import type { InterfaceAddress } from "../../../lib/platform/platform.ts";
import { FakePlatform } from "./fake_platform.ts";

const at = (interfaceName: string, host: string, prefixLength: number): InterfaceAddress => ({
  interfaceName,
  host,
  prefixLength,
});
const quiet = () => {};

Deno.test("resolveHostPort() understands every form", async () => {
  const platform = new FakePlatform({
    hosts: { localhost: ["::1", "127.0.0.1"], six: ["fd00::1", "fd00::2"] },
  });
  const cases: readonly (readonly [text: string, host: string, port: number])[] = [
    ["127.0.40.1", "127.0.40.1", 7946],
    ["127.0.40.1:0", "127.0.40.1", 0],
    ["[::1]", "::1", 7946],
    ["[::1]:5", "::1", 5],
    ["[0:0::1]:5", "::1", 5],
    ["[::ffff:127.0.40.1]:0", "127.0.40.1", 0],
    ["[127.0.40.1]:0", "127.0.40.1", 0],
    ["localhost", "127.0.0.1", 7946],
    ["six:1", "fd00::1", 1],
    [":7999", "", 7999],
    ["127.0.40.1:", "127.0.40.1", 0],
  ];
  for (const [text, host, port] of cases) {
    deepEqual(await resolveHostPort(text, platform), { host, port }, text);
  }
});

Deno.test("resolveHostPort() names the fault, and ends", async () => {
  const platform = new FakePlatform();
  const cases: readonly (readonly [text: string, message: string])[] = [
    ["::1", "address ::1: too many colons in address"],
    ["127.0.40.1:abc", "address tcp/abc: unknown port"],
    ["127.0.40.1:99999", "address 99999: invalid port"],
    ["x.invalid", "lookup x.invalid: no such host"],
    ["[::1]x", "address [::1]x:7946: missing port in address"], // the real one never ends here
  ];
  for (const [text, message] of cases) await rejects(resolveHostPort(text, platform), { message }, text);
});

Deno.test("chooseBind() takes the interface's first address that is not link-local", async () => {
  const platform = new FakePlatform({
    interfaces: [at("d0", "169.254.1.1", 16), at("d1", "10.1.0.1", 24), at("d0", "10.66.0.1", 24)],
    bareInterfaces: ["d2"],
  });
  const notices: string[] = [];
  const notice = (line: string) => void notices.push(line);
  deepEqual(await chooseBind({ bind: "0.0.0.0:5", interfaceName: "d0" }, platform, notice), {
    host: "10.66.0.1",
    port: 5,
  });
  deepEqual(notices, ["Using interface 'd0' address '10.66.0.1'"]);
  deepEqual(await chooseBind({ bind: "10.1.0.1", interfaceName: "d1" }, platform, notice), {
    host: "10.1.0.1",
    port: 7946,
  });
  equal(notices.length, 1);
  deepEqual(await chooseBind({ bind: "0.0.0.0", interfaceName: "" }, platform, notice), {
    host: "0.0.0.0",
    port: 7946,
  });
});

Deno.test("chooseBind() refuses an interface that does not fit", async () => {
  const platform = new FakePlatform({ interfaces: [at("d0", "169.254.1.1", 16)], bareInterfaces: ["d2"] });
  const cases: readonly (readonly [bind: string, interfaceName: string, message: string])[] = [
    ["::1", "d0", "Invalid bind address: address ::1: too many colons in address"],
    ["0.0.0.0", "d2", "Interface 'd2' has no addresses"],
    ["0.0.0.0", "d0", "Failed to find usable address for interface 'd0'"],
    ["127.0.0.14", "d0", "Interface 'd0' has no '127.0.0.14' address"],
    ["[::]:1", "d0", "Interface 'd0' has no '::' address"],
  ];
  for (const [bind, interfaceName, message] of cases) {
    await rejects(chooseBind({ bind, interfaceName }, platform, quiet), { name: "ConfigError", message });
  }
  platform.interfaces = () => {
    throw new Error("no such device");
  };
  const message = "Failed to get interface addresses: no such device";
  await rejects(chooseBind({ bind: "0.0.0.0", interfaceName: "d0" }, platform, quiet), { message });
});

Deno.test("choosePrivate() ranks default route, family and width", () => {
  const cases:
    readonly (readonly [what: string, list: InterfaceAddress[], route: string | undefined, string?])[] = [
      ["nothing", [at("lo", "127.0.0.1", 8), at("lo", "::1", 128)], undefined],
      // Seen on the real one: a documentation block is private, but no router forwards it.
      ["not forwarded", [at("eth0", "192.0.2.2", 24), at("eth0", "fd00::2", 64)], "eth0", "fd00::2"],
      ["public", [at("eth0", "8.8.8.8", 24), at("eth1", "10.0.0.1", 8)], "eth0", "10.0.0.1"],
      ["default route", [at("a", "10.0.0.1", 8), at("b", "192.168.4.1", 16)], "b", "192.168.4.1"],
      ["IPv4 first", [at("a", "fd00::2", 8), at("a", "10.0.0.1", 24)], "a", "10.0.0.1"],
      ["wider first", [at("a", "10.66.0.1", 24), at("a", "10.0.0.9", 8)], undefined, "10.0.0.9"],
      ["system's order", [at("a", "10.2.0.1", 24), at("b", "10.1.0.1", 24)], undefined, "10.2.0.1"],
      ["link-local", [at("a", "fe80::1", 64), at("a", "169.254.0.9", 16)], "a"],
    ];
  for (const [what, list, route, expected] of cases) equal(choosePrivate(list, route), expected, what);
});

Deno.test("chooseAdvertised() announces what others can reach", async () => {
  const platform = new FakePlatform({ interfaces: [at("eth0", "10.0.0.9", 8)], defaultInterface: "eth0" });
  const bound = Address.fromHost("127.0.40.1", 3456);
  const choose = async (bind: string, port: number, advertise?: { host: string; port: number }) =>
    await chooseAdvertised({ bind: { host: bind, port }, advertise }, bound, platform);
  const advertised = { host: "8.8.8.8", port: 7946 };

  const explicit = await choose("127.0.40.1", 3456);
  deepEqual([...explicit.ip, explicit.port], [127, 0, 40, 1, 3456]);
  for (const wildcard of ["0.0.0.0", "", "::"]) {
    const found = await choose(wildcard, 3456);
    deepEqual(
      [...found.ip],
      [...toV4Mapped(parseIp("10.0.0.9")!)],
      "16 bytes, as HashiCorp's agents announce",
    );
    equal(found.toString(), "10.0.0.9:3456");
  }
  equal((await choose("127.0.40.1", 3456, advertised)).toString(), "8.8.8.8:7946");
  equal((await choose("127.0.40.1", 3456, advertised)).ip.length, 4);
  equal((await choose("127.0.40.1", 0, advertised)).toString(), "8.8.8.8:3456", "the port that was chosen");
  await rejects(choose("0.0.0.0", 1, { host: "", port: 1 }), {
    message: 'Failed to get final advertise address: Failed to parse advertise address "<nil>"',
  });
  await rejects(
    chooseAdvertised({ bind: { host: "0.0.0.0", port: 0 }, advertise: undefined }, bound, new FakePlatform()),
    {
      message:
        "Failed to get final advertise address: No private IP address found, and explicit IP not provided",
    },
  );
});

Deno.test("isWildcard() knows what listens everywhere", () => {
  deepEqual(["", "0.0.0.0", "::", "127.0.0.1", "::1"].map(isWildcard), [true, true, true, false, false]);
});

Deno.test("isPrivate(), isForwardable() and isLinkLocal() know the blocks of RFC 6890", () => {
  const cases: readonly (readonly [ip: string, flags: string])[] = [
    ["0.1.2.3", "P"],
    ["10.255.0.1", "PF"],
    ["100.64.0.1", "PF"],
    ["100.128.0.1", "F"],
    ["127.0.0.1", "P"],
    ["169.254.9.9", "PL"],
    ["172.15.0.1", "F"],
    ["172.16.0.1", "PF"],
    ["172.32.0.1", "F"],
    ["192.0.2.1", "P"],
    ["192.168.0.1", "PF"],
    ["192.169.0.1", "F"],
    ["198.19.255.255", "PF"],
    ["203.0.113.5", "P"],
    ["240.0.0.1", "P"],
    ["8.8.8.8", "F"],
    ["::1", "P"],
    ["fd00::2", "PF"],
    ["fe80::1", "PL"],
    ["febf::1", "PL"],
    ["fec0::1", "F"],
    ["2001:db8::1", "P"],
    ["2001::1", "PF"],
    ["2003::1", "F"],
    ["2600::1", "F"],
  ];
  const flags = (ip: Uint8Array) =>
    (isPrivate(ip) ? "P" : "") + (isForwardable(ip) ? "F" : "") + (isLinkLocal(ip) ? "L" : "");
  for (const [ip, expected] of cases) {
    equal(flags(parseIp(ip)!), expected, ip);
    equal(flags(toV4Mapped(parseIp(ip)!)), expected, `${ip}, v4-mapped`);
  }
});
