/** The conversations over RPC that both agents have: those of the golden file, and such as need a running agent. */
import golden from "../../golden/rpc_conversations.json" with { type: "json" };
import type { Conversation, Step } from "./conversation_player.ts";

/** The token of the agent that wants one. */
export const TOKEN = "sekret";
/** The key of the agent that is encrypted, and another. */
export const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY = "AAECAwQFBgcICQoLDA0ODw==";

/** Where we differ on purpose (README, "Differences from HashiCorp's Serf"); the golden tests say what we answer. */
export const ON_PURPOSE: Readonly<Record<string, string>> = {
  "members-filtered: bad expression": "a bad expression is answered, and the connection lives",
  "join before auth": "the body of a refused request is not taken for a further header",
  "locked: bodies of refused requests": "the body of a refused request is not taken for a further header",
  "tags with a list": "a list is no map; HashiCorp's agent waits for a value to its last key",
  "a header without a number": "a header inherits nothing from the one before",
};

const GOLDEN: readonly Conversation[] = golden.conversations.map(({ name, server, sent }) => ({
  name,
  agent: name.includes("keys of one node") ? "keyed" : server as "open" | "locked",
  steps: [{ bytes: Uint8Array.from(sent.match(/../g) ?? [], (pair) => parseInt(pair, 16)) }],
}));

const SHAKE: Step = ["handshake", { Version: 1 }];
const DONE: Step = { until: '"Type":"done"' };
const MS = 1_000_000;

/** After the handshake, to the agent without token and key. */
function open(name: string, ...steps: Step[]): Conversation {
  return { name, agent: "open", steps: [SHAKE, ...steps] };
}

function bytes(...numbers: number[]): Uint8Array {
  return Uint8Array.from(numbers);
}

function query(name: string, more: Readonly<Record<string, unknown>> = {}): Step {
  return ["query", { Name: name, Timeout: 300 * MS, RequestAck: true, ...more }];
}

const BODIES: readonly Conversation[] = [
  { name: "handshake with a text", agent: "open", steps: [["handshake", { Version: "1" }]] },
  { name: "handshake with a large number", agent: "open", steps: [["handshake", { Version: 2 ** 31 }]] },
  { name: "handshake with nil", agent: "open", steps: [["handshake", null], SHAKE] },
  { name: "handshake as an array", agent: "open", steps: [["handshake", [1]], ["members"]] },
  open("event with nil", ["event", null]),
  open("event as an array", ["event", ["e", bytes(1), false]]),
  open("event with a name as bytes", ["event", { Name: bytes(97) }]),
  open("event with a payload as a list", ["event", { Name: "e", Payload: [1, 2, 255] }]),
  open("event with a list of texts for a payload", ["event", { Name: "e", Payload: ["a"] }]),
  open("event with a number for coalesce", ["event", { Name: "e", Coalesce: 1 }]),
  open("event with a text for coalesce", ["event", { Name: "e", Coalesce: "true" }]),
  open("event with unknown fields", ["event", { Name: "e", More: { deep: [1, { x: null }] } }], ["members"]),
  open("event beyond the limit", ["event", { Name: "e", Payload: new Uint8Array(600) }], ["members"]),
  open("event beyond the limit once encoded", ["event", { Name: "e", Payload: new Uint8Array(505) }]),
  open("query with nil", ["query", null], DONE),
  open("query with a text for the nodes", ["query", { Name: "q", FilterNodes: "x" }]),
  open("query with a text for the timeout", ["query", { Name: "q", Timeout: "1s" }]),
  open("query with a negative relay factor", ["query", { Name: "q", RelayFactor: -1 }]),
  open("respond with nil", ["respond", null]),
  open("respond with a negative number", ["respond", { ID: -1 }]),
  open("join with a number", ["join", { Existing: [1] }]),
  open("force-leave with nil", ["force-leave", null]),
  open("force-leave with a list", ["force-leave", { Node: ["x"] }]),
  open("tags with a list", ["tags", { Tags: ["a"] }]),
  open("tags with a number for a value", ["tags", { Tags: { a: 1 } }]),
  open("tags with a text to delete", ["tags", { DeleteTags: "a" }]),
  open("members-filtered with a text for the tags", ["members-filtered", { Tags: "role" }]),
  open("members-filtered with a number", ["members-filtered", { Name: 3 }]),
  open("stream with a number", ["stream", { Type: 3 }]),
  open("monitor with a number", ["monitor", { LogLevel: 3 }]),
  open("stop with a text", ["stop", { Stop: "1" }]),
  open("get-coordinate with nil", ["get-coordinate", null]),
  open("get-coordinate with a number", ["get-coordinate", { Node: 1 }]),
  open("install-key with a number", ["install-key", { Key: 1 }]),
  open("use-key with nil", ["use-key", null]),
  open("a header without a number", ["members"], { bytes: bytes(0x81, ...field("Command", "members")) }),
];

/** `key: value` within a map, both short texts. */
function field(key: string, value: string): number[] {
  return [key, value].flatMap((each) => [0xa0 + each.length, ...new TextEncoder().encode(each)]);
}

const VERBS: readonly Conversation[] = [
  open("members, members-filtered and stats", ["members"], ["members-filtered", {
    Tags: { role: "w.*" },
    Status: "alive",
    Name: "x",
  }], ["stats"]),
  open("join nobody there", ["join", { Existing: ["127.0.20.250:1"] }], ["members"]),
  open("join without a name before the slash", ["join", { Existing: ["/127.0.20.250:1"], Replay: true }]),
  open("join an address that is none", ["join", { Existing: ["127.0.20.250:x", "["] }]),
  open("force-leave with prune of an unknown node", ["force-leave", { Node: "zork", Prune: true }]),
  open(
    "tags: set, deleted, both",
    ["tags", { Tags: { a: "1", b: "" } }],
    ["members"],
    ["tags", { Tags: { b: "2" }, DeleteTags: ["a", "b", "nope"] }],
    ["members"],
    ["tags", { DeleteTags: ["b"] }],
    ["members"],
  ),
  open("get-coordinate", ["get-coordinate", { Node: "x" }], ["get-coordinate", { Node: "zork" }]),
  open("keys without a keyring", ["install-key", { Key: KEY }], ["use-key", { Key: KEY }], [
    "remove-key",
    { Key: KEY },
  ], ["list-keys"]),
  keyed("list-keys", ["list-keys"]),
  keyed("install-key: no base64", ["install-key", { Key: "!" }]),
  keyed("install-key: too short", ["install-key", { Key: "AAEC" }]),
  keyed("use-key that is not installed", ["use-key", { Key: OTHER_KEY }]),
  keyed("remove-key that is not installed", ["remove-key", { Key: OTHER_KEY }]),
  keyed("remove-key that is in use", ["remove-key", { Key: KEY }]),
  keyed(
    "a rotation of keys",
    ["install-key", { Key: OTHER_KEY }],
    ["list-keys"],
    ["use-key", {
      Key: OTHER_KEY,
    }],
    ["use-key", { Key: KEY }],
    ["remove-key", { Key: OTHER_KEY }],
    ["list-keys"],
  ),
];

function keyed(name: string, ...steps: Step[]): Conversation {
  return { name: `keyed: ${name}`, agent: "keyed", steps: [SHAKE, ...steps] };
}

const EVENT: Step = ["event", { Name: "deploy", Payload: bytes(1, 2) }];

const STREAMS: readonly Conversation[] = [
  open("stream of user events", ["stream", { Type: "user" }], EVENT, ["event", { Name: "" }], {
    until: '"Event":"user"',
    times: 2,
  }),
  open("stream of one user event", ["stream", { Type: "user:deploy" }], ["event", { Name: "other" }], EVENT, {
    until: '"Event":"user"',
  }),
  open(
    "stream of coalesced user events: the last counts",
    ["stream", { Type: "user" }],
    ["event", {
      Name: "c",
      Payload: bytes(1),
      Coalesce: true,
    }],
    ["event", { Name: "c", Payload: bytes(2), Coalesce: true }],
    { until: '"Event":"user"' },
  ),
  open(
    "stream of an update",
    ["stream", { Type: "member-update" }],
    ["tags", { Tags: { s: "1" } }],
    {
      until: "member-update",
    },
    ["stop", { Stop: 2 }],
    ["tags", { DeleteTags: ["s"] }],
  ),
  open("stream of queries", ["stream", { Type: "query" }], query("q", { Payload: bytes(3) }), {
    until: '"Event":"query"',
  }, DONE),
  open("stream of one query", ["stream", { Type: "query:load" }], query("other"), query("load"), {
    until: '"Type":"done"',
    times: 2,
  }),
  open("two streams", ["stream", { Type: "user" }], ["stream", { Type: "*" }], EVENT, {
    until: '"Event":"user"',
    times: 2,
  }),
  open(
    "stop of one stream of two",
    ["stream", { Type: "user" }],
    ["stream", { Type: "user" }],
    ["stop", {
      Stop: 2,
    }],
    EVENT,
    { until: '"Event":"user"' },
  ),
  open("Serf's own queries are not streamed", ["stream", { Type: "query,user" }], ["list-keys"], EVENT, {
    until: '"Event":"user"',
  }),
  open("stop of a query does nothing", query("q"), ["stop", { Stop: 2 }], DONE),
  logged("monitor", ["monitor", { LogLevel: "info" }], ["force-leave", { Node: "moni" }], { until: "moni" }),
  logged("monitor of warnings", ["monitor", { LogLevel: "Warn" }], ["event", {
    Name: "e",
    Payload: new Uint8Array(600),
  }], ["members"]),
  logged("second monitor", ["monitor", { LogLevel: "ERR" }], ["monitor", { LogLevel: "INFO" }]),
  logged(
    "monitor, stop, monitor",
    ["monitor", { LogLevel: "info" }],
    ["stop", { Stop: 2 }],
    ["force-leave", {
      Node: "unheard",
    }],
    ["monitor", { LogLevel: "info" }],
    { until: "unheard" },
  ),
  logged("monitor of ERROR", ["monitor", { LogLevel: "ERROR" }], ["monitor", { LogLevel: "trace" }]),
];

/** Which lines the log remembers is a matter of what went before: those about one thing count. */
function logged(name: string, ...steps: Step[]): Conversation {
  return {
    ...open(name, ...steps),
    logLines: /Force leaving node: (moni|unheard)|Failed to send user event/i,
  };
}

const QUERIES: readonly Conversation[] = [
  open("query", query("load"), DONE),
  open("query without acks", query("load", { RequestAck: false }), DONE),
  open("query that nobody answers", query("nothing"), DONE),
  open("query for this node", query("load", { FilterNodes: ["x", "zork"] }), DONE),
  open("query for another node", query("load", { FilterNodes: ["zork"] }), DONE),
  open("query by tag", query("load", { FilterTags: { role: "^w" } }), DONE),
  open("query by a tag that does not match", query("load", { FilterTags: { role: "^x" } }), DONE),
  open("query by a bad expression", query("load", { FilterTags: { role: "(" } }), DONE),
  open("query with a relay where there is none", query("load", { RelayFactor: 3 }), DONE),
  open("query with a timeout in the past", query("load", { Timeout: -1 }), DONE),
  open("query beyond the limit", query("q", { Payload: new Uint8Array(1100) }), ["members"]),
  open("query of a ping", query("_serf_ping"), DONE),
  open("query of a ping with an empty payload", query("_serf_ping", { Payload: bytes() }), { until: "Seq" }),
  open("query of a ping with a payload", query("_serf_ping", { Payload: bytes(1) }), ["members"]),
  open("query with a name of Serf's", query("_serf_conflict"), ["members"]),
  open("two queries at once", query("load"), query("nothing"), { until: '"Type":"done"', times: 2 }),
  open("respond", ["stream", { Type: "query" }], query("q"), { until: '"Event":"query"' }, ["respond", {
    ID: 1,
    Payload: bytes(1, 2),
  }], DONE),
  open(
    "respond twice",
    ["stream", { Type: "query" }],
    query("q"),
    { until: '"Event":"query"' },
    ["respond", {
      ID: 1,
      Payload: bytes(1),
    }],
    ["respond", { ID: 1, Payload: bytes(2) }],
    DONE,
  ),
  open(
    "respond too much, then less",
    ["stream", { Type: "query" }],
    query("q"),
    { until: '"Event":"query"' },
    [
      "respond",
      { ID: 1, Payload: new Uint8Array(1100) },
    ],
    ["respond", { ID: 1, Payload: bytes(1) }],
    DONE,
  ),
  open("respond with nothing", ["stream", { Type: "query" }], query("q"), { until: '"Event":"query"' }, [
    "respond",
    {
      ID: 1,
    },
  ], DONE),
  open(
    "respond to the second of two",
    ["stream", { Type: "query" }],
    query("q"),
    query("r"),
    {
      until: '"Event":"query"',
      times: 2,
    },
    ["respond", { ID: 2, Payload: bytes(2) }],
    { until: '"Type":"done"', times: 2 },
  ),
  open("respond too late", ["stream", { Type: "query" }], query("q", { Timeout: 50 * MS }), DONE, [
    "respond",
    {
      ID: 1,
      Payload: bytes(1),
    },
  ]),
];

function locked(name: string, ...steps: Step[]): Conversation {
  return { name: `locked: ${name}`, agent: "locked", steps: [SHAKE, ...steps] };
}

const AUTH: readonly Conversation[] = [
  locked("commands without bodies", ["members"], ["stats"], ["list-keys"], ["leave"], ["zork"]),
  locked("bodies of refused requests", ["event", { Name: "e" }], ["members"]),
  locked("no key", ["auth", { AuthKey: "" }], ["members"]),
  locked("auth with nil", ["auth", null], ["members"]),
  locked("auth with a number", ["auth", { AuthKey: 1 }]),
  locked("a wrong key, then the right one", ["auth", { AuthKey: "x" }], ["auth", { AuthKey: TOKEN }], [
    "members",
  ]),
  locked("the right key twice", ["auth", { AuthKey: TOKEN }], ["auth", { AuthKey: TOKEN }], ["list-keys"]),
  locked("a wrong key after the right one", ["auth", { AuthKey: TOKEN }], ["auth", { AuthKey: "x" }], [
    "members",
  ]),
  open("auth where no key is set", ["auth", { AuthKey: "" }], ["auth", { AuthKey: "x" }], ["members"]),
  locked("leave, the last of all", ["auth", { AuthKey: TOKEN }], ["leave"]),
];

/** In the order in which they are to be played: the last ends its agent. */
export const CONVERSATIONS: readonly Conversation[] = [
  ...GOLDEN,
  ...BODIES,
  ...VERBS,
  ...STREAMS,
  ...QUERIES,
  ...AUTH,
];
