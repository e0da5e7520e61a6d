import { deepEqual, equal, match, ok, rejects } from "../../support/assert.ts";
import { parseIp } from "../../../lib/base/address.ts";
import {
  defaultInterface,
  hasInterface,
  hostname,
  interfaceAddresses,
  onSignal,
  resolveHost,
  runtimeInfo,
} from "../../../lib/platform/deno_host.ts";
import { until } from "./fakes.ts";

Deno.test("resolveHost() gives IP literals for names, and IP literals for themselves", async () => {
  deepEqual(await resolveHost("127.0.10.100"), ["127.0.10.100"]);
  deepEqual(await resolveHost("fd00::1"), ["fd00::1"]);
  const local = await resolveHost("localhost");
  ok(local.length > 0 && local.every((host) => host === "127.0.0.1" || host === "::1"), `${local}`);
  equal(new Set(local).size, local.length);
});

Deno.test("resolveHost() fails in Go's words", async () => {
  await rejects(resolveHost(""), { message: "lookup : no such host" });
  await rejects(resolveHost("\ufffd.x"), { message: "lookup \ufffd.x: no such host" });
  await rejects(resolveHost("no such name"), { message: "lookup no such name: no such host" });
});

Deno.test("interfaceAddresses() lists addresses without zones, with their prefixes", () => {
  const all = interfaceAddresses();
  const loopback = all.find(({ host }) => host === "127.0.0.1");
  deepEqual(loopback, { interfaceName: loopback!.interfaceName, host: "127.0.0.1", prefixLength: 8 });
  for (const { host, prefixLength } of all) {
    const ip = parseIp(host);
    ok(ip !== undefined, host);
    ok(Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= 8 * ip.length, host);
  }
});

Deno.test("hasInterface() knows what exists", () => {
  const { interfaceName } = interfaceAddresses()[0]!;
  equal(hasInterface(interfaceName), true);
  equal(hasInterface("no-such-interface"), false);
});

Deno.test("defaultInterface() names an interface that exists, or none", async () => {
  const name = await defaultInterface();
  ok(name === undefined || hasInterface(name), name);
});

Deno.test("runtimeInfo() and hostname() tell about this process", () => {
  const info = runtimeInfo();
  match(info.os, /^(linux|darwin|windows)$/);
  match(info.arch, /^(amd64|arm64)$/);
  ok(info.cpuCount >= 1);
  equal(info.version, `deno ${Deno.version.deno}`);
  ok(hostname().length > 0);
});

Deno.test({
  name: "onSignal() calls until it is stopped",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    let first = 0, second = 0;
    const stopFirst = onSignal("SIGHUP", () => first++);
    const stopSecond = onSignal("SIGHUP", () => second++);
    Deno.kill(Deno.pid, "SIGHUP");
    await until(() => first === 1 && second === 1, "the first signal");
    stopFirst();
    Deno.kill(Deno.pid, "SIGHUP");
    await until(() => second === 2, "the second signal");
    equal(first, 1);
    stopSecond();
  },
});
