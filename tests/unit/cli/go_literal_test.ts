import { equal } from "../../support/assert.ts";
import { goLiteral } from "../../../lib/cli/go_literal.ts";
import type { RpcValue } from "../../../lib/rpc/rpc_value.ts";

Deno.test("goLiteral() shows values as HashiCorp's monitor does", () => {
  const cases: [RpcValue, string][] = [
    ["web", '"web"'],
    [true, "true"],
    [0, "0"],
    [127, "127"],
    [128, "0x80"],
    [0x95cf, "0x95cf"],
    [2n ** 64n - 1n, "0xffffffffffffffff"],
    [null, "<nil>"],
    [Uint8Array.of(0x70, 0, 1), "[]byte{0x70, 0x0, 0x1}"],
    [[null, "x"], '[]interface {}{interface {}(nil), "x"}'],
    [new Map(), "map[interface {}]interface {}{}"],
  ];
  for (const [value, text] of cases) equal(goLiteral(value), text);
});

Deno.test("goLiteral() shows a list of members with their keys sorted", () => {
  const member = new Map<string, RpcValue>([
    ["Name", "a"],
    ["Addr", Uint8Array.of(127, 0, 30, 1)],
    ["Port", 38351],
    ["DelegateCur", 5],
    ["Tags", new Map([["role", "web"], ["a", "b=c"]])],
  ]);
  equal(
    goLiteral([member]),
    '[]interface {}{map[interface {}]interface {}{"Addr":[]uint8{0x7f, 0x0, 0x1e, 0x1}, "DelegateCur":5, ' +
      '"Name":"a", "Port":0x95cf, "Tags":map[interface {}]interface {}{"a":"b=c", "role":"web"}}}',
  );
});
