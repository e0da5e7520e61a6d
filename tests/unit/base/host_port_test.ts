/** The texts are what HashiCorp's agent 0.9.4 printed for these addresses. */
import { deepEqual, equal, throws } from "../../support/assert.ts";
import { lacksPort, parsePort, splitHostPort } from "../../../lib/base/host_port.ts";

Deno.test("splitHostPort() splits every good form", () => {
  const cases: readonly (readonly [text: string, host: string, port: string])[] = [
    ["127.0.0.1:7946", "127.0.0.1", "7946"],
    ["host:x", "host", "x"],
    ["[::1]:7946", "::1", "7946"],
    ["[127.0.0.1]:0", "127.0.0.1", "0"],
    ["[fe80::1%lo]:1", "fe80::1%lo", "1"],
    [":7946", "", "7946"],
    ["[]:1", "", "1"],
    [":", "", ""],
    ["h:", "h", ""],
  ];
  for (const [text, host, port] of cases) deepEqual(splitHostPort(text), { host, port }, text);
});

Deno.test("splitHostPort() names the fault", () => {
  const cases: readonly (readonly [text: string, what: string])[] = [
    ["bad", "missing port in address"],
    ["", "missing port in address"],
    ["[::1]", "missing port in address"],
    ["[::1]x", "missing port in address"],
    ["[::1]x:1", "missing port in address"],
    ["[::1", "missing ']' in address"],
    ["[::1]:1:2", "too many colons in address"],
    ["::1", "too many colons in address"],
    ["x:y:z", "too many colons in address"],
    ["a[b:1", "unexpected '[' in address"],
    ["a]b:1", "unexpected ']' in address"],
    ["[a[b]:1", "unexpected '[' in address"],
  ];
  for (const [text, what] of cases) {
    throws(() => splitHostPort(text), { name: "OptionError", message: `address ${text}: ${what}` }, text);
    equal(lacksPort(text), what === "missing port in address", text);
  }
  equal(lacksPort("x:1"), false);
});

Deno.test("parsePort() reads numbers only", () => {
  const good: readonly (readonly [text: string, port: number])[] = [
    ["", 0],
    ["0", 0],
    ["000", 0],
    ["+0", 0],
    ["7946", 7946],
    ["65535", 65535],
  ];
  for (const [text, port] of good) equal(parsePort(text), port, text);
  const bad: readonly (readonly [text: string, message: string])[] = [
    ["abc", "address tcp/abc: unknown port"],
    ["0x1", "address tcp/0x1: unknown port"],
    [" 1", "address tcp/ 1: unknown port"],
    ["65536", "address 65536: invalid port"],
    ["-1", "address -1: invalid port"],
  ];
  for (const [text, message] of bad) throws(() => parsePort(text), { message }, text);
});
