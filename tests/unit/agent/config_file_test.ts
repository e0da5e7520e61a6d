/** The texts are what HashiCorp's agent 0.9.4 printed for these files (0.10.1 prints the same). */
import { deepEqual, equal, throws } from "../../support/assert.ts";
import { decodeConfig, readConfigPaths } from "../../../lib/agent/config_file.ts";
import { FakeFiles } from "./fake_platform.ts";

const typed = (name: string, wanted: string, got: string, value: string) =>
  `* '${name}' expected type '${wanted}', got unconvertible type '${got}', value: '${value}'`;

/** One or more complaints about the types or keys of a file. */
const DECODING: readonly (readonly [json: string, complaints: readonly string[]])[] = [
  ['{"foo":1,"bar":2}', ["* '' has invalid keys: bar, foo"]],
  ['{"":1}', ["* '' has invalid keys: "]],
  ['{"Node_Name":"zz","node_name":"yy"}', ["* '' has invalid keys: Node_Name"]],
  ['{"protocol":"4"}', [typed("protocol", "int", "string", "4")]],
  ['{"protocol":true}', [typed("protocol", "int", "bool", "true")]],
  [
    '{"protocol":[1,"a",null,{"b":1.5}]}',
    [typed("protocol", "int", "[]interface {}", "[1 a <nil> map[b:1.5]]")],
  ],
  ['{"protocol":{"b":1.5,"a":"x"}}', [typed("protocol", "int", "map[string]interface {}", "map[a:x b:1.5]")]],
  ['{"role":true}', [typed("role", "string", "bool", "true")]],
  ['{"role":1.5}', [typed("role", "string", "float64", "1.5")]],
  ['{"role":1e21}', [typed("role", "string", "float64", "1e+21")]],
  ['{"role":123456789}', [typed("role", "string", "float64", "1.23456789e+08")]],
  ['{"role":123456}', [typed("role", "string", "float64", "123456")]],
  ['{"role":1000000}', [typed("role", "string", "float64", "1e+06")]],
  ['{"role":0.0001}', [typed("role", "string", "float64", "0.0001")]],
  ['{"role":1e-7}', [typed("role", "string", "float64", "1e-07")]],
  ['{"role":-0}', [typed("role", "string", "float64", "-0")]],
  ['{"role":[]}', [typed("role", "string", "[]interface {}", "[]")]],
  ['{"role":{}}', [typed("role", "string", "map[string]interface {}", "map[]")]],
  ['{"replay_on_join":"true"}', [typed("replay_on_join", "bool", "string", "true")]],
  ['{"replay_on_join":1}', [typed("replay_on_join", "bool", "float64", "1")]],
  ['{"disable_coordinates":1}', [typed("disable_coordinates", "bool", "float64", "1")]],
  ['{"retry_interval":5}', [typed("retry_interval", "string", "float64", "5")]],
  ['{"tags":[]}', ["* 'tags' expected a map, got 'slice'"]],
  ['{"tags":"x"}', ["* 'tags' expected a map, got 'string'"]],
  ['{"tags":true}', ["* 'tags' expected a map, got 'bool'"]],
  ['{"tags":3}', ["* 'tags' expected a map, got 'float64'"]],
  ['{"tags":{"b":2,"a":1,"c":{"d":1}}}', [
    typed("tags[a]", "string", "float64", "1"),
    typed("tags[b]", "string", "float64", "2"),
    typed("tags[c]", "string", "map[string]interface {}", "map[d:1]"),
  ]],
  ['{"event_handlers":"x"}', ["* 'event_handlers': source data must be an array or slice, got string"]],
  ['{"start_join":{}}', ["* 'start_join': source data must be an array or slice, got map"]],
  ['{"retry_join":3}', ["* 'retry_join': source data must be an array or slice, got float64"]],
  ['{"event_handlers":[1,true]}', [
    typed("event_handlers[0]", "string", "float64", "1"),
    typed("event_handlers[1]", "string", "bool", "true"),
  ]],
  ['{"protocol":"4","role":3,"zzz":1}', [
    "* '' has invalid keys: zzz",
    typed("protocol", "int", "string", "4"),
    typed("role", "string", "float64", "3"),
  ]],
  // HashiCorp's agents make some number of it.
  ['{"protocol":99999999999999999999,"retry_max_attempts":-1e19}', [
    "* 'protocol' is out of range: 1e+20",
    "* 'retry_max_attempts' is out of range: -1e+19",
  ]],
  // Keys of 0.10.2, in the wording of 0.10.1.
  ['{"mdns":[]}', ["* 'mdns' expected a map, got 'slice'"]],
  ['{"mdns":{"interface":1,"x":2}}', [
    "* 'mdns' has invalid keys: x",
    typed("mdns.interface", "string", "float64", "1"),
  ]],
];

/** A complaint that stands alone. */
const OTHER_FAULTS: readonly (readonly [json: string, message: string])[] = [
  ["", "EOF"],
  ["{", "unexpected EOF"],
  ["[]", "'' expected a map, got 'slice'"],
  ['"x"', "'' expected a map, got 'string'"],
  ["3", "'' expected a map, got 'float64'"],
  ["true", "'' expected a map, got 'bool'"],
  ['{"retry_interval":"abc"}', 'time: invalid duration "abc"'],
  ['{"retry_interval":"5"}', 'time: missing unit in duration "5"'],
  ['{"tombstone_timeout":"1x"}', 'time: unknown unit "x" in duration "1x"'],
];

Deno.test("decodeConfig() complains about keys and types as HashiCorp's agent does", () => {
  for (const [json, complaints] of DECODING) {
    const message = `${complaints.length} error(s) decoding:\n\n${complaints.join("\n")}`;
    throws(() => decodeConfig(json), { message }, json);
  }
});

Deno.test("decodeConfig() shows a value of the wrong type however deeply it is nested", () => {
  const depth = 9_000;
  const lists = "[".repeat(depth) + "]".repeat(depth), maps = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  const shownMaps = "map[a:".repeat(depth) + "1" + "]".repeat(depth);
  const message = (type: string, value: string) =>
    `1 error(s) decoding:\n\n${typed("role", "string", type, value)}`;
  throws(() => decodeConfig(`{"role":${lists}}`), { message: message("[]interface {}", lists) });
  throws(() => decodeConfig(`{"role":${maps}}`), { message: message("map[string]interface {}", shownMaps) });
});

Deno.test("decodeConfig() names other faults alone", () => {
  for (const [json, message] of OTHER_FAULTS) throws(() => decodeConfig(json), { message }, json);
});

Deno.test("decodeConfig() reads every kind of field", () => {
  deepEqual(
    decodeConfig(JSON.stringify({
      node_name: "a",
      tags: { dc: "east", empty: null },
      protocol: 4.7,
      leave_on_terminate: true,
      start_join: ["x", null],
      retry_interval: "1m30s",
      broadcast_timeout: "",
    })),
    {
      nodeName: "a",
      tags: new Map([["dc", "east"], ["empty", ""]]),
      protocol: 4,
      leaveOnTerminate: true,
      startJoin: ["x", ""],
      retryIntervalMs: 90_000,
      broadcastTimeoutMs: 0,
    },
  );
});

Deno.test("decodeConfig() takes keys in any case, null for unset, and the inert keys", () => {
  deepEqual(decodeConfig('{"NODE_NAME":"a","Mdns":{"DISABLE_IPV4":true}}'), {
    nodeName: "a",
    mdnsDisableIpv4: true,
  });
  deepEqual(decodeConfig('{"protocol":null,"tags":null,"mdns":null,"validate_node_names":null}'), {});
  deepEqual(decodeConfig("null"), {});
  deepEqual(
    decodeConfig(
      '{"disable_coordinates":true,"enable_compression":false,"validate_node_names":true,"MsgpackUseNewTimeFormat":true}',
    ),
    {},
  );
});

Deno.test("readConfigPaths() reads files and directories in the order given", () => {
  const files = new FakeFiles({
    "/first.json": '{"node_name":"first","start_join":["1"]}',
    "/d/b.json": '{"node_name":"b","start_join":["3"]}',
    "/d/B.json": '{"node_name":"B","start_join":["2"]}',
    "/d/x.txt": "garbage",
    "/d/sub.json/z.json": "garbage",
  });
  deepEqual(readConfigPaths(["/first.json", "/d/"], files), { nodeName: "b", startJoin: ["1", "2", "3"] });
  equal(readConfigPaths(["/d", "/first.json"], files).nodeName, "first");
});

Deno.test("readConfigPaths() says which file cannot be read or decoded", () => {
  const files = new FakeFiles({ "/d/l.json": '{"q":1}', "/e/sub/x": "" });
  const cases: readonly (readonly [path: string, message: string])[] = [
    ["/none", "Error reading '/none': open /none: no such file or directory"],
    ["", "Error reading '': open : no such file or directory"],
    ["/d", "Error decoding '/d/l.json': 1 error(s) decoding:\n\n* '' has invalid keys: q"],
    ["/d/", "Error decoding '/d/l.json': 1 error(s) decoding:\n\n* '' has invalid keys: q"],
  ];
  for (const [path, message] of cases) throws(() => readConfigPaths([path], files), { message });
  deepEqual(readConfigPaths(["/e"], files), {}, "directories inside are not looked at");
});

Deno.test("decodeConfig() keeps tags of any name", () => {
  const { tags } = decodeConfig('{"tags":{"constructor":"a","prototype":"b","__proto__":"c","":"d"}}');
  deepEqual([...tags!], [["constructor", "a"], ["prototype", "b"], ["__proto__", "c"], ["", "d"]]);
});
