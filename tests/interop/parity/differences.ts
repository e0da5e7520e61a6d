/**
 * All that the two programs may show otherwise, undone in what both show before it is compared. What is done better on
 * purpose stands in README, "Differences from HashiCorp's Serf".
 */

/** Why, what, and by which text it is replaced. */
type Difference = readonly [why: string, pattern: RegExp, replacement: string];

const EVERYWHERE: readonly Difference[] = [
  ["Times.", /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/g, "TIME"],
  ["Ports that the system chose.", /(dynamic bind port |client: 127\.\d+\.\d+\.\d+:)\d+/g, "$1PORT"],
  [
    "Go's resolver names the server that it asked; the runtime's does not tell.",
    /(lookup \S*) on \S+:53:/g,
    "$1:",
  ],
  [
    "Where no name server answers, the system's resolver knows no such host, and Go's tells how it failed.",
    /(lookup \S*): read udp \S+: i\/o timeout/g,
    "$1: no such host",
  ],
  [
    "0.10.1 says with which port a join failed, and so do we; 0.9.4 does not.",
    /(\* Failed to join \S+?):\d+: /g,
    "$1: ",
  ],
];

const COMMANDS: readonly Difference[] = [
  ["Each cluster has addresses of its own.", /127\.0\.31\./g, "127.0.30."],
  [
    "Each build has a version of its own.",
    /^\S+( \([0-9a-f]+(\+CHANGES)?\))?\n(?=Agent Protocol: )/,
    "<version>\n",
  ],
  ["Only ours simulates clusters.", /^ {4}sim +Simulates a cluster.*\n/m, ""],
  ["A fresh key is random.", /^[A-Za-z0-9+/]{43}=\n$/, "<key>\n"],
  [
    "Numbers that change from one moment to the next.",
    /((?:goroutines|[a-z]+_queue|[a-z]+_time|health_score)"?(?: =|:) "?)[0-9]+/g,
    "$1<n>",
  ],
  [
    "Each program has a runtime of its own.",
    /(version"?(?: =|:) "?)(?:go1[0-9.]+|deno [0-9.]+)/,
    "$1<runtime>",
  ],
  [
    "A bad regular expression over RPC is answered, and the connection stays open.",
    /Failed to compile regex: error parsing regexp: .*/,
    "client closed",
  ],
  ["Times of packets.", /rtt: [0-9.]+ ms/, "rtt: <n> ms"],
  ["Times of answers.", /(Query time|last response): [0-9]+\.[0-9]{2} sec/g, "$1: <n> sec"],
];

const STARTS: readonly Difference[] = [
  [
    "A leave is delivered if its second of quiet ends before the agent does.",
    / *TIME \[INFO\] agent: Received event: member-leave\n/g,
    "",
  ],
  [
    "Whether the event loop still notices that Serf was shut down is a matter of luck.",
    / *TIME \[WARN\] agent: Serf shutdown detected, quitting\n/g,
    "",
  ],
];

const RECORDS: readonly Difference[] = [
  ["Each agent has an address of its own: as bytes, and as text.", /7f0015/g, "7f0014"],
  ["Each agent has an address of its own: as bytes, and as text.", /127\.0\.21\./g, "127.0.20."],
  ["Each program has a runtime of its own.", /"version":"[^"]*"/, '"version":"<runtime>"'],
  ["Numbers that change from one moment to the next.", /"(goroutines|[a-z]+_queue)":"\d+"/g, '"$1":"<n>"'],
  [
    "HashiCorp's agent may send nameless records near the deadline.",
    /^\{"Error":"","Seq":\d+\} \{"From":"","Payload":null,"Type":"(ack|response)"\}$/,
    "",
  ],
];

/** One record of a conversation, ready to be compared; empty if it does not count. */
export function comparableRecord(text: string): string {
  return undone(text, [...EVERYWHERE, ...RECORDS]);
}

/** What a command printed, ready to be compared. */
export function comparableCommand(text: string): string {
  return undone(text, [...EVERYWHERE, ...COMMANDS]);
}

/** What an agent printed from its start to its end, ready to be compared. */
export function comparableStart(text: string): string {
  return undone(text, [...EVERYWHERE, ...STARTS]);
}

function undone(text: string, differences: readonly Difference[]): string {
  return differences.reduce((result, [, pattern, replacement]) => result.replace(pattern, replacement), text);
}
