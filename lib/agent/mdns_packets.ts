/**
 * The service `_serf_CLUSTER._tcp.local` in DNS packets, as HashiCorp's agents ask for it and answer (surface.md 2.14):
 *
 * ```
 * _serf_CLUSTER._tcp.local            PTR  NODE._serf_CLUSTER._tcp.local
 * NODE._serf_CLUSTER._tcp.local       SRV  10 1 PORT HOST
 * HOST                                A or AAAA  the advertised address
 * NODE._serf_CLUSTER._tcp.local       TXT  Serf 'CLUSTER' cluster
 * _services._dns-sd._udp.local        PTR  _serf_CLUSTER._tcp.local
 * ```
 */
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import { type Address, joinHostPort } from "../base/address.ts";

const TTL_SECONDS = 120;
const ENUMERATION = "_services._dns-sd._udp.local";
const DOMAIN = "local";
/** A part of a name between two dots has 1 to 63 bytes. */
const LABEL_BYTES_MAX = 63;
/** Of a node's or host's name: with the service behind it, it stays below the 255 bytes of a whole name. */
const NAME_BYTES_MAX = 150;
/** Questions of one packet that are looked at, and services; real ones have one. */
const ENTRIES_MAX = 32;
/**
 * Questions and records of a packet that is read at all. Each may point to one name of a hundred parts: nine kilobytes
 * of them would keep us busy for a tenth of a second.
 */
const READ_MAX = 64;

interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  /** As the library leaves it: the top bit, which asks for an answer to one, makes the class an unknown one. */
  readonly class?: string;
}

interface DnsRecord extends DnsQuestion {
  readonly ttl?: number;
  readonly data: unknown;
}

interface DnsMessage {
  readonly id?: number;
  readonly type?: "query" | "response";
  readonly flags?: number;
  readonly opcode?: string;
  readonly rcode?: string;
  readonly flag_tc?: boolean;
  readonly questions?: readonly DnsQuestion[];
  readonly answers?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

/** The part of the library that is used; its own declarations are not needed. */
const dns = dnsPacket as unknown as {
  encode(message: DnsMessage): Uint8Array;
  decode(bytes: Buffer): DnsMessage;
  readonly AUTHORITATIVE_ANSWER: number;
};

/** One agent, as the others find it. */
export interface MdnsService {
  /** See {@linkcode serviceName}. */
  readonly service: string;
  readonly cluster: string;
  readonly nodeName: string;
  readonly hostName: string;
  /** The advertised endpoint. */
  readonly address: Address;
}

/** The name under which a cluster is found. @throws {Error} when DNS has no room for it. */
export function serviceName(cluster: string): string {
  const labels = `_serf_${cluster}._tcp`;
  if (!fitsName(labels)) throw new Error(`the name of the cluster does not fit into a DNS name: ${cluster}`);
  return `${labels}.${DOMAIN}`;
}

/** The packet that asks who offers `service`. */
export function encodeQuestion(service: string): Uint8Array {
  return dns.encode({ type: "query", id: 0, flags: 0, questions: [{ name: service, type: "PTR" }] });
}

/**
 * What a service answers to a packet of a stranger.
 * @returns a packet for each way of asking; none for what is no question, or one about something else.
 */
export function answersTo(packet: Uint8Array, own: MdnsService): Uint8Array[] {
  const query = decode(packet);
  if (query?.type !== "query" || query.opcode !== "QUERY" || query.rcode !== "NOERROR" || query.flag_tc) {
    return [];
  }
  const questions = (query.questions ?? []).slice(0, ENTRIES_MAX);
  // Who asks for an answer to itself alone gets the question's number back.
  const forOne = questions.filter(asksForOne).flatMap((question) => recordsFor(question, own));
  const forAll = questions.filter((question) => !asksForOne(question)).flatMap((question) =>
    recordsFor(question, own)
  );
  return [[0, forAll] as const, [query.id ?? 0, forOne] as const]
    .filter(([, answers]) => answers.length > 0)
    .map(([id, answers]) =>
      dns.encode({
        type: "response",
        id,
        flags: dns.AUTHORITATIVE_ANSWER,
        answers: answers.slice(0, ENTRIES_MAX),
      })
    );
}

/** The endpoints, `ip:port`, that a stranger's answer names for `service`. */
export function endpointsIn(packet: Uint8Array, service: string): string[] {
  const response = decode(packet);
  if (response?.type !== "response") return [];
  const records = [...response.answers ?? [], ...response.additionals ?? []];
  const hosts = new Map<string, string>();
  for (const { name, type, data } of records) {
    if ((type === "A" || type === "AAAA") && typeof data === "string") hosts.set(name.toLowerCase(), data);
  }
  return records.slice(0, ENTRIES_MAX).flatMap(({ name, type, data }) => {
    if (type !== "SRV" || !isBelow(name, service)) return [];
    const { target, port } = data as { target: string; port: number };
    const host = hosts.get(target.toLowerCase());
    return host === undefined || port === 0 ? [] : [joinHostPort(host, port)];
  });
}

function recordsFor(question: DnsQuestion, own: MdnsService): DnsRecord[] {
  const name = question.name.toLowerCase(), type = question.type;
  const asksPointer = type === "PTR" || type === "ANY";
  if (name === ENUMERATION) return asksPointer ? [record(ENUMERATION, "PTR", own.service)] : [];
  const instance = `${fitted(own.nodeName)}.${own.service}`, host = fitted(own.hostName);
  const family = own.address.host.includes(":") ? "AAAA" : "A";
  const addresses = [record(host, family, own.address.host)];
  const server = [
    record(instance, "SRV", { priority: 10, weight: 1, port: own.address.port, target: host }),
    ...addresses,
  ];
  const text = record(instance, "TXT", [Buffer.from(`Serf '${own.cluster}' cluster`)]);
  if (name === own.service.toLowerCase()) {
    return asksPointer ? [record(own.service, "PTR", instance), ...server, text] : [];
  }
  if (name === instance.toLowerCase()) {
    if (type === "ANY") return [...server, text];
    return type === "SRV" ? server : type === "TXT" ? [text] : [];
  }
  return name === host.toLowerCase() && (type === family || type === "ANY") ? addresses : [];
}

function record(name: string, type: string, data: unknown): DnsRecord {
  return { name, type, class: "IN", ttl: TTL_SECONDS, data };
}

/** @returns undefined for what is no DNS packet, or one with something in it that the library does not know. */
function decode(packet: Uint8Array): DnsMessage | undefined {
  if (entryCount(packet) > READ_MAX) return undefined;
  try {
    return dns.decode(Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength));
  } catch {
    return undefined;
  }
}

/** What the header says, at bytes 4 to 11: questions, answers, authorities, additional records, of 16 bits each. */
function entryCount(packet: Uint8Array): number {
  let count = 0;
  for (let at = 4; at + 1 < Math.min(packet.length, 12); at += 2) count += packet[at]! << 8 | packet[at + 1]!;
  return count;
}

function asksForOne({ class: name }: DnsQuestion): boolean {
  const unknown = name?.match(/^UNKNOWN_(\d+)$/);
  return unknown !== null && unknown !== undefined && (Number(unknown[1]) & 0x8000) !== 0;
}

function isBelow(name: string, service: string): boolean {
  return name.toLowerCase().endsWith(`.${service.toLowerCase()}`);
}

function fitsName(name: string): boolean {
  return Buffer.byteLength(name) <= NAME_BYTES_MAX &&
    name.split(".").every((label) => label !== "" && Buffer.byteLength(label) <= LABEL_BYTES_MAX);
}

/** The name as DNS can have it. Only people read it: the endpoint is what counts. */
function fitted(name: string): string {
  const trimmed = name.replace(/\.+$/, "");
  if (fitsName(trimmed)) return trimmed;
  const label = trimmed.replaceAll(".", "-");
  let end = Math.min(label.length, LABEL_BYTES_MAX);
  while (Buffer.byteLength(label.slice(0, end)) > LABEL_BYTES_MAX) end--;
  return label.slice(0, end) || "serf";
}
