/** The flag sets and config files with which both programs start an agent, and what happens to it then. */
import type { AgentCase, Step } from "./start_runner.ts";

const KEY16 = "AAECAwQFBgcICQoLDA0ODw==";
const KEY24 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const KEY32 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const LONG = "y".repeat(600);

/** Where every agent of these tests is, unless it says otherwise: later flags win. */
export const PLACE = ["-node=a", "-bind=HOST:0", "-rpc-addr=HOST:7373"];

export const flags = (...args: string[]): AgentCase => ({ args: [...PLACE, ...args] });
const config = (json: string, ...args: string[]): AgentCase => ({
  args: [...PLACE, "-config-file=c.json", ...args],
  files: { "c.json": json },
});
const steps = (agentCase: AgentCase, ...list: Step[]): AgentCase => ({ ...agentCase, steps: list });

export const BAD_FLAGS: readonly AgentCase[] = [
  flags("-tag=foo"),
  flags("-tag", "=x"),
  flags("-retry-interval=abc"),
  flags("-retry-interval=5"),
  flags("-broadcast-timeout=x"),
  flags("-bind=::1"),
  flags("-bind=HOST:abc"),
  flags("-bind=HOST:99999"),
  flags("-bind=HOST:-1"),
  flags("-bind=300.1.1.1"),
  flags("-bind=[::1"),
  flags("-bind=a]b:1"),
  flags("-bind=nohost.invalid"),
  flags("-bind=8.8.8.8:0"),
  flags("-advertise=::1"),
  flags("-advertise=HOST:x"),
  flags("-advertise=nohost.invalid"),
  flags("-advertise=:7957"),
  flags("-iface=nope"),
  flags("-iface=lo"),
  flags("-log-level=foo"),
  flags("-log-level=ERROR"),
  flags("-encrypt=abc"),
  flags("-encrypt=!!!!"),
  flags("-encrypt=AAAA"),
  flags("-encrypt=AAECAwQFBgcICQoLDA0ODw"),
  flags("-encrypt=AAECAwQFBgcICQoLDA0ODw="),
  flags("-profile=foo"),
  flags("-profile=LAN"),
  flags("-protocol=1"),
  flags("-protocol=6"),
  flags("-protocol=256"),
  flags(`-tag=a=${LONG}`),
  flags("-event-handler=foo=x"),
  flags("-event-handler=x", "-event-handler=user:a,member-join,=b c", "-log-level=foo"),
  flags("-event-handler= user=x", "-iface=nope"),
  flags("-rpc-addr=bad"),
  flags("-rpc-addr=HOST"),
  flags("-rpc-addr=HOST:abc"),
  flags("-rpc-addr=HOST:99999"),
  flags("-rpc-addr=::1:7373"),
  flags("-rpc-addr=nohost.invalid:0"),
  flags("-rpc-addr=8.8.8.8:0"),
  flags("-config-file=none.json"),
  flags("-config-file="),
  flags("-role=x", "-log-level=foo"),
  flags("-join=PEER:1"),
  flags(
    "-join=PEER:1",
    "-join=/x",
    "-join=b/PEER:2",
    "-join=HOST:x",
    "-join=HOST:99999",
    "-join=[::1]:5:5",
    "-join=",
  ),
];

export const BAD_FILES: readonly AgentCase[] = [
  ...[
    "",
    "   ",
    "{",
    '{"a":1,}',
    "{'a':1}",
    "// c\n{}",
    '{"role":"a\nb"}',
    "nulx",
    "[]",
    '"x"',
    "3",
    "true",
    '{"foo":1,"bar":2}',
    '{"Node_Name":"zz","node_name":"yy"}',
    '{"protocol":"4","role":3,"zzz":1}',
    '{"protocol":[1,"a",null,{"b":1.5}]}',
    '{"protocol":{"b":1.5,"a":"x"}}',
    '{"role":123456789}',
    '{"role":1e400}',
    '{"replay_on_join":1}',
    '{"tags":[]}',
    '{"tags":{"a":1,"b":2,"c":{"d":1}}}',
    '{"event_handlers":"x"}',
    '{"start_join":{}}',
    '{"retry_join":[1,true]}',
    '{"retry_interval":5}',
    '{"retry_interval":"abc"}',
    '{"tombstone_timeout":"5"}',
    '{"disable_coordinates":1}',
    '{"user_event_size_limit":9217}',
    '{"user_event_size_limit":-1,"query_size_limit":-1,"query_response_size_limit":-1}',
    '{"protocol":1}',
    '{"encrypt_key":"!"}',
    '{"log_level":"FOO"}',
    '{"profile":"foo"}',
    '{"bind":"::1"}',
    '{"interface":"nope"}',
  ].map((json) => config(json)),
  {
    args: [...PLACE, "-config-dir=d"],
    files: { "d/": "", "d/x.txt": "garbage", "d/b.json": "{", "d/a.json": '{"q":1}' },
  },
  { args: [...PLACE, "-config-dir=d/"], files: { "d/": "", "d/z.json/": "", "d/l.json": '{"q":1}' } },
  ...["", "{", "[]", '"x"', "3", '{"a":1}', '{"a":["x"]}', '{"a":"b"} x'].map((text): AgentCase => ({
    args: [...PLACE, "-tags-file=t"],
    files: { t: text },
  })),
  { args: [...PLACE, "-config-file=f/x"], files: { f: "" } },
  { args: [...PLACE, "-config-dir=d"], files: { "d/": "", "d/a.txt": "", "d/b.json": "[" } },
  { args: [...PLACE, "-tags-file=f/x"], files: { f: "" } },
  { args: [...PLACE, "-keyring-file=f/x"], files: { f: "" } },
  { args: [...PLACE, "-tags-file=t", "-tag=a=b"], files: { t: "{bad" } },
  { args: [...PLACE, "-tags-file=t", "-role=x"], files: { t: "{}" } },
  { args: [...PLACE, "-tags-file=t"], files: { "t/": "" } },
  ...["", "{}", "[]", "null", "[1]", '["!!"]', '["AAAA"]', '[""]', `["${KEY16}","AAAA"]`].map((
    text,
  ): AgentCase => ({
    args: [...PLACE, "-keyring-file=k"],
    files: { k: text },
  })),
  { args: [...PLACE, "-keyring-file=k", `-encrypt=${KEY16}`], files: { k: `["${KEY16}"]` } },
  { args: [...PLACE, "-keyring-file=none"] },
  { args: [...PLACE, "-keyring-file=k"], files: { "k/": "" } },
];

export const GOOD: readonly AgentCase[] = [
  flags(),
  flags("-log-level=debug", "-profile=local", "-disable-compression"),
  flags("-log-level=warn", "-profile=wan", "-protocol=4"),
  flags("-advertise=PEER"),
  flags("-advertise=PEER:5555", "-bind=HOST:7946"),
  flags("-advertise=8.8.8.8"),
  flags("-advertise=8.8.8.8", `-encrypt=${KEY32}`),
  flags(`-encrypt=${KEY24}`),
  flags("-bind=[::1]:0", "-advertise="),
  flags("-bind=[::ffff:HOST]:0"),
  flags("-bind=localhost:0"),
  flags("-bind=HOST:"),
  flags("-bind=0.0.0.0:0"),
  flags("-iface=lo", "-bind=0.0.0.0:0"),
  flags("-iface=lo", "-bind=127.0.0.1:0"),
  flags("-rpc-addr=HOST:0"),
  flags("-role=x", "-tag=role=y", "-retry-interval=500us", "-broadcast-timeout=-1s"),
  flags("-tag=a=b=c", "-tag", "a=", "-retry-interval=0s", "-protocol=258", "-retry-max=-1"),
  { args: ["-bind=HOST:0", "-rpc-addr=HOST:7373", "-node="] },
  config('{"NODE_NAME":"zz","Tags":{"A":"1","a":null},"protocol":4.7} trailing'),
  config("null"),
  config('{"protocol":null,"tags":null,"event_handlers":[],"retry_interval":"","disable_coordinates":true}'),
  config(
    '{"rpc_addr":"HOST:0","bind":"HOST:7946","profile":"local","log_level":"Debug"}',
    "-bind=",
    "-rpc-addr=",
  ),
  config('{"leave_on_terminate":true,"reconnect_interval":"10s","tombstone_timeout":"1h","rpc_auth":"x"}'),
  {
    args: ["-config-dir=d", "-config-file=z.json", "-rpc-addr=HOST:7373"],
    files: {
      "d/": "",
      "d/b.json": '{"node_name":"b","bind":"HOST:0","leave_on_terminate":true,"profile":"wan"}',
      "d/B.json": '{"node_name":"B","log_level":"debug"}',
      "d/x.txt": "garbage",
      "z.json": '{"leave_on_terminate":false,"node_name":"","profile":"local","retry_max_attempts":0}',
    },
  },
  { args: [...PLACE, "-tags-file=t"], files: { t: '{"a":"b"}' } },
  { args: [...PLACE, "-tags-file=t"], files: { t: "null" } },
  { args: [...PLACE, "-tags-file=none", "-log-level=debug"], compare: ["none"] },
  { args: [...PLACE, "-keyring-file=k"], files: { k: `["${KEY16}","${KEY24}"]` }, compare: ["k"] },
  { args: [...PLACE, "-join=PEER:7946", "-replay"], peer: true, steps: [{ until: "joined: 1 nodes" }] },
  {
    args: [...PLACE, "-bind=HOST:7946", "-join=PEER:1", "-join=peer/PEER"],
    peer: true,
    steps: [{ until: "joined: 1 nodes" }],
  },
  {
    args: [...PLACE, "-retry-join=PEER:1", "-retry-max=1", "-retry-interval=2s"],
    steps: [{ until: "shutdown complete" }],
  },
  steps(flags(), { waitMs: 1_500 }),
];

const INT: Step = { signal: "SIGINT" }, TERM: Step = { signal: "SIGTERM" };
export const HUP: Step = { signal: "SIGHUP" };
export const A_MOMENT: Step = { waitMs: 400 };
const LEFT: Step = { until: "shutdown complete" };

export const SIGNALS: readonly AgentCase[] = [
  steps(flags(), INT, LEFT),
  steps(flags(), TERM, LEFT),
  // Signals that mean nothing to an agent.
  ...(["USR2", "ALRM", "VTALRM", "PROF", "IO", "PWR", "XCPU", "XFSZ"] as const).map((name) =>
    steps(flags(), { signal: `SIG${name}` }, A_MOMENT, TERM, LEFT)
  ),
  steps(flags(), INT, A_MOMENT, INT, LEFT),
  steps(flags(), INT, A_MOMENT, TERM, LEFT),
  steps(flags(), INT, A_MOMENT, HUP, LEFT),
  steps(config('{"leave_on_terminate":true}'), TERM, LEFT),
  steps(config('{"skip_leave_on_interrupt":true}'), INT, LEFT),
  steps(flags(), { cli: ["leave"] }, LEFT),
  // Each of the two announcements takes two seconds in this profile: more than a graceful leave has.
  {
    args: [...PLACE, "-profile=wan", "-join=PEER:7946"],
    peer: true,
    steps: [{ until: "joined" }, INT, LEFT],
  },
  {
    args: [...PLACE, "-join=PEER:7946"],
    peer: true,
    steps: [{ until: "joined" }, { waitMs: 1_500 }, INT, LEFT],
  },
  steps(
    config('{"tags":{"x":"1"},"log_level":"debug"}', "-tag=a=b"),
    {
      write: "c.json",
      text: '{"tags":{"x":"2"},"log_level":"warn","leave_on_terminate":true,"bind":"nope:x"}',
    },
    HUP,
    A_MOMENT,
    TERM,
    LEFT,
  ),
  steps(
    config("{}"),
    { write: "c.json", text: '{"tags":{"x":"2"},"log_level":"bogus","skip_leave_on_interrupt":true}' },
    HUP,
    A_MOMENT,
    INT,
    LEFT,
  ),
  steps(config("{}"), { write: "c.json", text: '{"bad":1}' }, HUP, A_MOMENT, TERM, LEFT),
  steps(config("{}"), { remove: "c.json" }, HUP, A_MOMENT, TERM, LEFT),
  steps(
    config("{}"),
    { write: "c.json", text: `{"role":"r","retry_interval":"1ms","tags":{"x":"${LONG}"}}` },
    HUP,
    A_MOMENT,
    TERM,
    LEFT,
  ),
];

export const TAG_FILES: readonly AgentCase[] = [
  {
    args: [...PLACE, "-tags-file=t"],
    files: { t: '{"q":"1"}' },
    steps: [{ cli: ["tags", "-set", "z=9", "-set", 'b="<&>\u00e9', "-delete", "q"] }, A_MOMENT],
    compare: ["t"],
  },
  { args: [...PLACE, "-tags-file=t"], steps: [{ cli: ["tags", "-set", "x=1"] }, A_MOMENT], compare: ["t"] },
  {
    args: [...PLACE, "-tags-file=t"],
    files: { t: '{"q":"1"}' },
    steps: [{ cli: ["tags", "-delete", "q"] }, A_MOMENT],
    compare: ["t"],
  },
];

/** What we do on purpose otherwise, and our output. */
export const ON_PURPOSE: readonly (readonly [why: string, agentCase: AgentCase, output: string])[] = [
  [
    "HashiCorp's never ends.",
    flags("-bind=[::1]x"),
    "Invalid bind address: address [::1]x:7946: missing port in address",
  ],
  [
    "0.10.2 knows the key; 0.9.4 calls it invalid.",
    config('{"mdns":{"interface":1}}'),
    "Error decoding 'c.json': 1 error(s) decoding:\n\n" +
    "* 'mdns.interface' expected type 'string', got unconvertible type 'float64', value: '1'",
  ],
];
