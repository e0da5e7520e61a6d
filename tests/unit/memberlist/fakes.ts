/** Small stand-ins for memberlist's ports, and a memberlist among them whose packets can be looked at. */
import { Address } from "../../../lib/base/address.ts";
import type { TransportError } from "../../../lib/base/errors.ts";
import type { ExchangeSink, Transport } from "../../../lib/base/ports.ts";
import { RecordingMetrics } from "../../support/recording_metrics.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import type { BroadcastSink, MemberlistDelegate } from "../../../lib/memberlist/delegate.ts";
import type { Keyring } from "../../../lib/memberlist/keyring.ts";
import { type LocalEndpoint, Memberlist } from "../../../lib/memberlist/memberlist.ts";
import {
  type Accusation,
  type Alive,
  createAccusation,
  createAck,
  createAlive,
  createIndirectPing,
  createPing,
  decodeAck,
  decodeAlive,
  decodeIndirectPing,
  decodeNack,
  decodePing,
  decodeSuspect,
  decompressMessage,
  encodeAck,
  encodeAlive,
  encodeDead,
  encodeIndirectPing,
  encodeNack,
  encodePing,
  encodePushPullHeader,
  encodePushPullNode,
  encodeSuspect,
  type IndirectPing,
  MessageType,
  type Ping,
  type PushPullNode,
} from "../../../lib/memberlist/messages.ts";
import type { NodeState } from "../../../lib/memberlist/node_state.ts";
import { Timer } from "../../../lib/base/timer_heap.ts";
import { type MemberlistOptions, resolveMemberlistOptions } from "../../../lib/memberlist/options.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { decodeCompound, encodeCompound } from "../../../lib/wire/compound.ts";
import { checkCrcHeader } from "../../../lib/wire/crc32.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";

/** The version bytes of a Serf agent. */
export const SERF_VSN = Uint8Array.of(1, 5, 2, 2, 5, 5);

export { RecordingLogger };

/** A datagram that was sent. */
export interface SentPacket {
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** An exchange that was opened. */
export interface OpenedExchange {
  readonly to: string;
  readonly request: Uint8Array;
  readonly timeoutMs: number;
  readonly sink: ExchangeSink;
}

/** Sends nothing anywhere, and keeps it. */
export class FakeTransport implements Transport {
  readonly packets: SentPacket[] = [];
  readonly exchanges: OpenedExchange[] = [];
  /** When set, packets are refused. */
  isRefusing = false;
  /** Told of each packet after it was kept. */
  onSent: ((packet: SentPacket) => void) | undefined;
  /** When set, asked first whether it takes care of an exchange, which then is not kept. */
  onOpened: ((exchange: OpenedExchange) => boolean) | undefined;

  sendPacket(to: Address, bytes: Uint8Array): boolean {
    if (this.isRefusing) return false;
    const packet = { to: to.toString(), bytes: bytes.slice() };
    this.packets.push(packet);
    this.onSent?.(packet);
    return true;
  }

  openExchange(to: Address, request: Uint8Array, timeoutMs: number, sink: ExchangeSink): void {
    const exchange = { to: to.toString(), request, timeoutMs, sink };
    if (this.onOpened?.(exchange) !== true) this.exchanges.push(exchange);
  }

  /** The packets since the last call. */
  take(): SentPacket[] {
    return this.packets.splice(0);
  }
}

/** Keeps every event: `"join n1"`. */
export class RecordingDelegate implements MemberlistDelegate {
  readonly events: string[] = [];
  /** Messages to give away once each, type byte 8 first. */
  readonly queue: Uint8Array[] = [];
  readonly userMessages: Uint8Array[] = [];
  readonly remoteStates: { state: Uint8Array; join: boolean }[] = [];
  readonly pings: { name: string; rttMs: number; payload: Uint8Array }[] = [];
  meta: Uint8Array = Uint8Array.of(0xff, 0x80);
  localState: Uint8Array = new Uint8Array(0);
  payload: Uint8Array = Uint8Array.of(1, 0x80);
  /** What onRemoteState throws. */
  remoteStateError: Error | undefined;

  localMeta(): Uint8Array {
    return this.meta;
  }
  fillBroadcasts(sink: BroadcastSink): void {
    while (this.queue.length > 0 && this.queue[0]!.length <= sink.roomBytes()) sink.add(this.queue.shift()!);
  }
  hasBroadcasts(): boolean {
    return this.queue.length > 0;
  }
  onUserMessage(message: Uint8Array): void {
    this.userMessages.push(message.slice());
  }
  encodeLocalState(_join: boolean): Uint8Array {
    return this.localState;
  }
  onRemoteState(state: Uint8Array, join: boolean): void {
    if (this.remoteStateError !== undefined) throw this.remoteStateError;
    this.remoteStates.push({ state: state.slice(), join });
  }
  ackPayload(): Uint8Array {
    return this.payload;
  }
  onPingCompleted(node: NodeState, rttMs: number, payload: Uint8Array): void {
    this.pings.push({ name: node.name, rttMs, payload: payload.slice() });
  }
  onNodeJoin(node: NodeState): void {
    this.events.push(`join ${node.name}`);
  }
  onNodeLeave(node: NodeState): void {
    this.events.push(`leave ${node.name}`);
  }
  onNodeUpdate(node: NodeState): void {
    this.events.push(`update ${node.name}`);
  }
  onNameConflict(existing: NodeState, otherIp: Uint8Array, otherPort: number): void {
    this.events.push(`conflict ${existing.name} ${otherIp.join(".")}:${otherPort}`);
  }

  /** The events since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }
}

/** What a {@linkcode World} may be made with. */
export interface WorldOptions {
  readonly name?: string;
  readonly options?: Partial<MemberlistOptions>;
  readonly local?: LocalEndpoint;
  readonly keyring?: Keyring;
  readonly seed?: number;
  /** Leave the start to the test. */
  readonly isNew?: boolean;
  /** Every ping is answered a millisecond later, as if all nodes were there; until {@linkcode World.stopAnswering}. */
  readonly isAnswering?: boolean;
}

/** One memberlist, its ports, and the means to speak to it. */
export class World {
  readonly clock = new SimClock();
  readonly random: SeededRandom;
  readonly logger = new RecordingLogger();
  readonly transport = new FakeTransport();
  readonly delegate = new RecordingDelegate();
  readonly metrics = new RecordingMetrics();
  readonly memberlist: Memberlist;

  /** The memberlist is called "me", at 127.0.0.1:7946, does not compress, and has been started. */
  constructor(chosen: WorldOptions = {}) {
    this.random = new SeededRandom(chosen.seed ?? 1);
    const { clock, random, logger, transport, delegate, metrics } = this;
    this.memberlist = new Memberlist(
      resolveMemberlistOptions({ compression: false, ...chosen.options, name: chosen.name ?? "me" }),
      chosen.local ?? { address: Address.fromHost("127.0.0.1", 7946) },
      { clock, random, logger, transport, metrics },
      delegate,
      chosen.keyring,
    );
    if (chosen.isAnswering === true) {
      transport.onSent = (packet) => this.answer(packet);
      transport.onOpened = (exchange) => this.answerStream(exchange);
    }
    if (chosen.isNew !== true) this.memberlist.start();
  }

  /** Delivers a datagram. */
  receive(packet: Uint8Array, from = "127.0.0.9", port = 7946): void {
    this.memberlist.onPacket(Address.fromHost(from, port), packet);
  }

  /** Makes a node known and alive, at 127.0.0.`host`. */
  addNode(name: string, host: number, incarnation = 1): NodeState {
    this.receive(alive({ node: name, addr: Uint8Array.of(127, 0, 0, host), incarnation }));
    return this.node(name);
  }

  /** A node that must be known. */
  node(name: string): NodeState {
    const node = this.memberlist.node(name);
    if (node === undefined) throw new Error(`${name} is not known`);
    return node;
  }

  /** Runs the clock. */
  runFor(ms: number): void {
    this.clock.runFor(ms);
  }

  /** All messages of the packets sent since the last call. */
  takeMessages(): Message[] {
    return this.transport.take().flatMap(({ to, bytes }) => messagesOf(bytes).map((m) => ({ ...m, to })));
  }

  /** Acknowledges the pings of a packet, a millisecond later. */
  answer({ bytes }: SentPacket): void {
    for (const { ping } of messagesOf(bytes)) {
      if (ping !== undefined) this.clock.arm(new Timer(() => this.receive(ack(ping.seqNo))), 1);
    }
  }

  /** Acknowledges a ping over TCP, a millisecond later. @returns whether it is one. */
  answerStream({ request, sink }: OpenedExchange): boolean {
    if (request[0] !== MessageType.ping) return false;
    const [message] = messagesOf(request);
    this.clock.arm(new Timer(() => sink.onReply(ack(message!.ping!.seqNo))), 1);
    return true;
  }

  /** From now on nobody is there; what was sent so far is forgotten. */
  stopAnswering(): void {
    this.runFor(1);
    this.transport.onSent = undefined;
    this.transport.onOpened = undefined;
    this.transport.take();
  }

  /** What is gossiped about a node from now on, until nothing more comes (or `limitMs` has passed). */
  gossipAbout(name: string, limitMs = 1000): Message[] {
    this.transport.take();
    this.runFor(limitMs);
    return this.takeMessages().filter((message) => {
      const about = message.alive?.node ?? message.suspect?.node ?? message.dead?.node;
      return about === name;
    });
  }
}

/** One message of a packet, decoded. Exactly one of the optional fields is there. */
export interface Message {
  readonly type: number;
  readonly to?: string;
  readonly ping?: Ping;
  readonly indirectPing?: IndirectPing;
  readonly ack?: { seqNo: number; payload: Uint8Array | null };
  readonly nack?: number;
  readonly alive?: Alive;
  readonly suspect?: Accusation;
  readonly dead?: Accusation;
  readonly user?: Uint8Array;
}

/** Takes a plain packet apart. */
export function messagesOf(packet: Uint8Array): Message[] {
  const messages: Message[] = [];
  const start = checkCrcHeader(packet, 0, packet.length);
  collect(packet, start, packet.length, messages);
  return messages;
}

function collect(bytes: Uint8Array, start: number, end: number, into: Message[]): void {
  const type = bytes[start]!;
  const at = start + 1;
  switch (type) {
    case MessageType.compound:
      decodeCompound(bytes, at, end, (from, to) => collect(bytes, from, to, into));
      return;
    case MessageType.compress: {
      const inner = decompressMessage(bytes, at, end, 65536);
      collect(inner, 0, inner.length, into);
      return;
    }
    case MessageType.ping: {
      const ping = createPing();
      decodePing(bytes, at, end, ping);
      into.push({ type, ping });
      return;
    }
    case MessageType.indirectPing: {
      const indirectPing = createIndirectPing();
      decodeIndirectPing(bytes, at, end, indirectPing);
      into.push({ type, indirectPing });
      return;
    }
    case MessageType.ack: {
      const ack = createAck();
      decodeAck(bytes, at, end, ack);
      into.push({ type, ack });
      return;
    }
    case MessageType.nack:
      into.push({ type, nack: decodeNack(bytes, at, end) });
      return;
    case MessageType.alive: {
      const alive = createAlive();
      decodeAlive(bytes, at, end, alive);
      into.push({ type, alive });
      return;
    }
    case MessageType.suspect:
    case MessageType.dead: {
      const accusation = createAccusation();
      decodeSuspect(bytes, at, end, accusation);
      into.push(type === MessageType.suspect ? { type, suspect: accusation } : { type, dead: accusation });
      return;
    }
    case MessageType.user:
      into.push({ type, user: bytes.slice(at, end) });
      return;
    default:
      throw new Error(`a message of type ${type} was sent`);
  }
}

/** Encodes with a writer of its own. */
export function encode(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter();
  write(writer);
  return writer.copy();
}

/** An alive message; by default of node "other" at 127.0.0.2:7946, incarnation 1. */
export function alive(fields: Partial<Alive> = {}): Uint8Array {
  const message: Alive = {
    ...createAlive(),
    node: "other",
    incarnation: 1,
    addr: Uint8Array.of(127, 0, 0, 2),
    port: 7946,
    vsn: SERF_VSN,
    ...fields,
  };
  return encode((writer) => encodeAlive(writer, message));
}

export function suspect(node: string, incarnation: number, from: string): Uint8Array {
  return encode((writer) => encodeSuspect(writer, incarnation, node, from));
}

export function dead(node: string, incarnation: number, from: string): Uint8Array {
  return encode((writer) => encodeDead(writer, incarnation, node, from));
}

export function ping(fields: Partial<Ping> = {}): Uint8Array {
  return encode((writer) => encodePing(writer, { ...createPing(), ...fields }));
}

export function indirectPing(fields: Partial<IndirectPing> = {}): Uint8Array {
  return encode((writer) => encodeIndirectPing(writer, { ...createIndirectPing(), ...fields }));
}

export function ack(seqNo: number, payload: Uint8Array | null = null): Uint8Array {
  return encode((writer) => encodeAck(writer, seqNo, payload));
}

export function nack(seqNo: number): Uint8Array {
  return encode((writer) => encodeNack(writer, seqNo));
}

export function compound(...parts: Uint8Array[]): Uint8Array {
  return encode((writer) => encodeCompound(writer, parts));
}

/** A plain push/pull message. */
export function pushPull(
  nodes: Partial<PushPullNode>[],
  join = false,
  userState: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return encode((writer) => {
    encodePushPullHeader(writer, { join, nodes: nodes.length, userStateLen: userState.length });
    for (const node of nodes) {
      encodePushPullNode(writer, {
        name: "other",
        addr: Uint8Array.of(127, 0, 0, 2),
        port: 7946,
        meta: new Uint8Array(0),
        incarnation: 1,
        state: 0,
        vsn: SERF_VSN,
        ...node,
      });
    }
    writer.raw(userState);
  });
}

/** Ends an exchange as the transport does. */
export function failExchange(exchange: OpenedExchange, error: TransportError): void {
  exchange.sink.onError(error);
}
