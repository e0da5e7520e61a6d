/** The texts are what HashiCorp's agent 0.9.4 printed for these addresses. */
import { deepEqual, rejects } from "../../support/assert.ts";
import { resolveJoinAddress } from "../../../lib/agent/resolver.ts";

const HOSTS: Readonly<Record<string, string[]>> = {
  name: ["10.0.0.1"],
  many: ["10.0.0.1", "fd00::1", "10.0.0.2"],
};

function lookup(host: string): Promise<string[]> {
  const found = HOSTS[host];
  return found === undefined
    ? Promise.reject(new Error(`lookup ${host}: no such host`))
    : Promise.resolve(found);
}

Deno.test("resolveJoinAddress() understands every form", async () => {
  const cases: readonly (readonly [text: string, addresses: string[]])[] = [
    ["10.0.0.5", ["10.0.0.5:7999"]],
    ["10.0.0.5:1", ["10.0.0.5:1"]],
    ["[::1]", ["[::1]:7999"]],
    ["[::1]:5", ["[::1]:5"]],
    ["::1", ["[::1]:7999"]],
    ["fd00:0::1", ["[fd00::1]:7999"]],
    ["name", ["10.0.0.1:7999"]],
    ["name:5", ["10.0.0.1:5"]],
    ["many:5", ["10.0.0.1:5", "[fd00::1]:5", "10.0.0.2:5"]],
    ["NODE/10.0.0.5", ["10.0.0.5:7999"]],
    ["NODE/name:5", ["10.0.0.1:5"]],
  ];
  for (const [text, expected] of cases) {
    deepEqual((await resolveJoinAddress(text, 7999, lookup)).map(String), expected, text);
  }
});

Deno.test("resolveJoinAddress() names the cause", async () => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    ["/x", "empty node name provided"],
    ["nohost.invalid", "lookup nohost.invalid: no such host"],
    ["", "lookup : no such host"],
    ["127.0.40.1:x", 'strconv.ParseUint: parsing "x": invalid syntax'],
    ["127.0.40.1:", 'strconv.ParseUint: parsing "": invalid syntax'],
    ["127.0.40.1:-1", 'strconv.ParseUint: parsing "-1": invalid syntax'],
    ["127.0.40.1:99999", 'strconv.ParseUint: parsing "99999": value out of range'],
    ["[::1]:5:5", "address [::1]:5:5: too many colons in address"],
  ];
  for (const [text, message] of cases) {
    await rejects(resolveJoinAddress(text, 7999, lookup), { message }, text);
  }
});
