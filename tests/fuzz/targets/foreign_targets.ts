/** Targets whose format is read by a package: DNS and RE2. */
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import { answersTo, encodeQuestion, endpointsIn, serviceName } from "../../../lib/agent/mdns_packets.ts";
import { loadRe2 } from "../../../lib/agent/re2_engine.ts";
import { Re2Matcher } from "../../../lib/agent/re2_matcher.ts";
import { Address } from "../../../lib/base/address.ts";
import { MemberFilter } from "../../../lib/rpc/member_filter.ts";
import { RpcError } from "../../../lib/rpc/rpc_error.ts";
import { fakeMember } from "../../unit/rpc/fake_backend.ts";
import type { Target } from "../support/target.ts";
import { textTarget } from "./text_target.ts";

const SERVICE = serviceName("clu");
const OWN = {
  service: SERVICE,
  cluster: "clu",
  nodeName: "n1",
  hostName: "box",
  address: Address.fromHost("10.0.0.1", 7946),
};
const dns = dnsPacket as unknown as { encode(message: unknown): Uint8Array };
/** Two packets of 32 records, each of two names. */
const DNS_WEIGHT_MAX = 64 * 1024;

const mdns: Target = {
  name: "mDNS",
  seeds: [
    encodeQuestion(SERVICE),
    ...answersTo(encodeQuestion(SERVICE), OWN),
    dns.encode({
      type: "query",
      id: 7,
      questions: ["ANY", "SRV", "TXT", "A", "PTR"].map((type) => ({ name: `n1.${SERVICE}`, type })),
    }),
    dns.encode({
      type: "response",
      answers: [
        { type: "SRV", name: `n2.${SERVICE}`, data: { port: 7946, weight: 1, priority: 10, target: "box" } },
        { type: "AAAA", name: "box", data: "fd00::1" },
        { type: "TXT", name: "x", data: [Buffer.from("t")] },
      ],
      additionals: [{ type: "A", name: "box", data: "10.0.0.1" }, {
        type: "OPT",
        name: ".",
        udpPayloadSize: 1400,
      }],
    }),
  ].map((packet) => Uint8Array.from(packet)),
  words: [[0xc0, 0x0c], [0xc0, 0xff], [0x3f], [0x00], [0, 0x21], [0, 0x29], [0x80, 0x01], [
    5,
    0x5f,
    0x73,
    0x65,
    0x72,
    0x66,
  ]]
    .map((word) => Uint8Array.from(word)),
  refusals: [],
  weightMax: () => DNS_WEIGHT_MAX,
  begin: () => ({
    decode: (bytes, start, end) => {
      const packet = bytes.subarray(start, end);
      return [answersTo(packet, OWN).map((answer) => answer.slice()), endpointsIn(packet, SERVICE)];
    },
  }),
};

const RE2_WORDS = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "{2,3}",
  "{999}",
  "*",
  "+?",
  "|",
  "^",
  "$",
  ".",
  "\\",
  "\\p{L}",
  "[^a]",
  "(?i)",
  "(?P<n>",
  "\\b",
  "\\1",
  "[[:alpha:]]",
  "\\Q",
  "\\x{10ffff}",
  "(?:",
  "\u00e9",
];
await loadRe2();

/** An expression and, on the next line, what it is matched with. */
const expressions = textTarget(
  "RE2 filter",
  [
    "^web\nweb-1",
    "(a|b)*c{2,3}\nabccc",
    "[a-z]+(?i)BASE$\ndatabase",
    "\\pL\\d+\n\u00e97",
    "plain-word\na plain-word",
  ],
  RE2_WORDS,
  [],
  (text) => {
    const [expression, subject = ""] = text.split("\n", 2) as [string, string?];
    let outcome: readonly unknown[] = [];
    new Re2Matcher().matches(expression, subject, (matched, fault) => outcome = [matched, fault]);
    const [matched, fault] = outcome;
    if (typeof matched !== "boolean" && !`${fault}`.startsWith("error parsing regexp: ")) {
      throw new Error(`${expression} gives ${fault}`);
    }
    return outcome;
  },
);

const members = ["web-1", "", "\u00e9", "x".repeat(100)].map((name) =>
  fakeMember(name, { tags: new Map([["role", name]]) })
);

/** The same of a client, which has more to spend. */
const filters = textTarget(
  "member filter",
  ["^web\nalive\nx.*", "a|b\n\n", "[a-z]+\nleft|failed\n\\d"],
  // Without the one that makes expressions long: twenty milliseconds each are allowed, and one in ten would take them.
  RE2_WORDS.filter((word) => word !== "{999}"),
  [RpcError, Error],
  (text) => {
    const [tag = "", status = "", name = ""] = text.split("\n", 3);
    try {
      const filter = new MemberFilter({ tags: new Map([["role", tag]]), status, name });
      return members.map((member) => filter.accepts(member));
    } catch (error) {
      if (!`${error}`.startsWith("RpcError: Failed to compile regex: error parsing regexp: ")) {
        throw new TypeError(`${text} gives ${error}`);
      }
      throw error;
    }
  },
);

/** Formats of others. */
export const FOREIGN_TARGETS: readonly Target[] = [mdns, expressions, filters];
