/** What is said is read by another reader of DNS than the one that wrote it: byte by byte where it matters. */
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import fc from "fast-check";
import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import {
  answersTo,
  encodeQuestion,
  endpointsIn,
  type MdnsService,
  serviceName,
} from "../../../lib/agent/mdns_packets.ts";

const SERVICE = serviceName("clu");
const OWN: MdnsService = {
  service: SERVICE,
  cluster: "clu",
  nodeName: "n1",
  hostName: "box",
  address: Address.fromHost("10.0.0.1", 7946),
};

/** A question as anybody may ask it. `classNumber` 0x8001 asks for an answer to the asker alone. */
function ask(name: string, type: string, classNumber = 1, header: Record<string, unknown> = {}): Uint8Array {
  const packet = dnsPacket.encode({ type: "query", id: 7, questions: [{ name, type }], ...header });
  packet.writeUInt16BE(classNumber, packet.length - 2);
  return packet;
}

interface DnsAnswer {
  readonly name: string;
  readonly type: string;
  readonly data: unknown;
}

function records(packets: Uint8Array[]): string[] {
  return packets.flatMap((packet) =>
    (dnsPacket.decode(Buffer.from(packet)).answers as DnsAnswer[]).map(({ name, type, data }) => {
      return `${name} ${type} ${type === "TXT" ? String(data) : JSON.stringify(data)}`;
    })
  );
}

const POINTER = `${SERVICE} PTR "n1.${SERVICE}"`;
const SERVER = `n1.${SERVICE} SRV {"priority":10,"weight":1,"port":7946,"target":"box"}`;
const HOST = 'box A "10.0.0.1"';
const TEXT = `n1.${SERVICE} TXT Serf 'clu' cluster`;

Deno.test("encodeQuestion() is the question that HashiCorp's agents ask", () => {
  equal(
    Buffer.from(encodeQuestion(SERVICE)).toString("latin1"),
    "\0\0\0\0\0\x01\0\0\0\0\0\0\x09_serf_clu\x04_tcp\x05local\0\0\x0c\0\x01",
  );
});

Deno.test("answersTo() says all in one packet, and only what was asked for", () => {
  deepEqual(records(answersTo(encodeQuestion(SERVICE), OWN)), [POINTER, SERVER, HOST, TEXT]);
  deepEqual(records(answersTo(ask(SERVICE.toUpperCase(), "ANY"), OWN)), [POINTER, SERVER, HOST, TEXT]);
  deepEqual(records(answersTo(ask(`n1.${SERVICE}`, "SRV"), OWN)), [SERVER, HOST]);
  deepEqual(records(answersTo(ask(`n1.${SERVICE}`, "TXT"), OWN)), [TEXT]);
  deepEqual(records(answersTo(ask("box", "A"), OWN)), [HOST]);
  deepEqual(records(answersTo(ask("_services._dns-sd._udp.local", "PTR"), OWN)), [
    `_services._dns-sd._udp.local PTR "${SERVICE}"`,
  ]);
  const silent = [["box", "AAAA"], [SERVICE, "A"], [serviceName("other"), "PTR"], [`n2.${SERVICE}`, "SRV"]];
  for (const [name, type] of silent) deepEqual(answersTo(ask(name!, type!), OWN), [], name);
});

Deno.test("answersTo() repeats the question's number to who asks for an answer to itself alone", () => {
  const id = (packets: Uint8Array[]) => packets.map((packet) => packet[0]! << 8 | packet[1]!);
  deepEqual(id(answersTo(ask(SERVICE, "PTR"), OWN)), [0]);
  deepEqual(id(answersTo(ask(SERVICE, "PTR", 0x8001), OWN)), [7]);
});

Deno.test("answersTo() answers no answers, no updates, no half questions and no rubbish", () => {
  deepEqual(answersTo(answersTo(encodeQuestion(SERVICE), OWN)[0]!, OWN), []);
  const query = encodeQuestion(SERVICE);
  for (const flags of [0x2800, 0x0200, 0x0003]) {
    const odd = Buffer.from(query);
    odd.writeUInt16BE(flags, 2);
    deepEqual(answersTo(odd, OWN), [], flags.toString(16));
  }
  for (let length = 0; length < query.length; length++) {
    deepEqual(answersTo(query.subarray(0, length), OWN), []);
  }
});

Deno.test("a packet of very many questions or records is not read", () => {
  const ours = { name: SERVICE, type: "PTR" };
  const others = (count: number) => Array.from({ length: count }, () => ({ name: "x.local", type: "PTR" }));
  const answers = (count: number) =>
    answersTo(dnsPacket.encode({ type: "query", questions: [ours, ...others(count)] }), OWN).length;
  deepEqual([answers(63), answers(64)], [1, 0]);
  const { answers: found } = dnsPacket.decode(Buffer.from(answersTo(ask(SERVICE, "PTR"), OWN)[0]!));
  const padding = (count: number) => others(count).map((record) => ({ ...record, data: "y.local" }));
  const endpoints = (count: number) => {
    const response = { type: "response", answers: found, additionals: padding(count) };
    return endpointsIn(dnsPacket.encode(response), SERVICE).length;
  };
  const room = 64 - found.length;
  deepEqual([endpoints(room), endpoints(room + 1)], [1, 0]);
});

Deno.test("endpointsIn() finds what answersTo() says, IPv4 and IPv6, and nobody else's", () => {
  deepEqual(endpointsIn(answersTo(encodeQuestion(SERVICE), OWN)[0]!, SERVICE), ["10.0.0.1:7946"]);
  const six = { ...OWN, address: Address.fromHost("fd00::1", 7947) };
  deepEqual(endpointsIn(answersTo(encodeQuestion(SERVICE), six)[0]!, SERVICE), ["[fd00::1]:7947"]);
  deepEqual(endpointsIn(answersTo(encodeQuestion(SERVICE), OWN)[0]!, serviceName("lu")), []);
  deepEqual(endpointsIn(encodeQuestion(SERVICE), SERVICE), []);
});

Deno.test("names that DNS has no room for are shortened, those of clusters refused", () => {
  throws(() => serviceName("x".repeat(60)), /does not fit into a DNS name/);
  throws(() => serviceName("a..b"), /does not fit into a DNS name/);
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 512 }), (name) => {
    const packet = answersTo(encodeQuestion(SERVICE), { ...OWN, nodeName: name, hostName: `${name}.` })[0]!;
    deepEqual(endpointsIn(packet, SERVICE), ["10.0.0.1:7946"]);
  }));
});

Deno.test("any bytes are survived", () => {
  const real = [...answersTo(encodeQuestion(SERVICE), OWN), encodeQuestion(SERVICE)];
  const edited = fc.tuple(
    fc.constantFrom(...real),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 6 }),
  ).map(([packet, edits]) => {
    const bytes = packet.slice();
    for (const [at, value] of edits) bytes[at % bytes.length] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(edited, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      for (const endpoint of endpointsIn(bytes, SERVICE)) ok(endpoint.includes(":"));
      for (const answer of answersTo(bytes, OWN)) ok(answer.length < 9_000);
    }),
    { numRuns: 2_000 },
  );
});
