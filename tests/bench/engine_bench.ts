/**
 * The engine's share of a packet: from the datagram that came in to the one that goes out, without sockets.
 *
 *     deno run tests/bench/engine_bench.ts [size]
 */
import { Address } from "../../lib/base/address.ts";
import { type Clock, type CorePorts, LogLevel } from "../../lib/base/ports.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import type { MemberlistDelegate } from "../../lib/memberlist/delegate.ts";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import { Memberlist } from "../../lib/memberlist/memberlist.ts";
import { createPing, encodeAlive, encodePing } from "../../lib/memberlist/messages.ts";
import { resolveMemberlistOptions } from "../../lib/memberlist/options.ts";
import { encodeCompound } from "../../lib/wire/compound.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";

/** Does one thing `size` times; returns a hash of what was sent. */
type Part = (size: number, random: SeededRandom) => number;

const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) >>> 0;
const PEER = Address.fromHost("10.0.0.9", 7946);

/** A clock that stands still: what is measured here happens at once. */
const STILL: Clock = { nowMs: () => 0, wallMs: () => 0, arm: () => {}, disarm: () => {} };

const DELEGATE: MemberlistDelegate = {
  localMeta: () => Uint8Array.of(0xff, 0x80),
  fillBroadcasts: () => {},
  hasBroadcasts: () => false,
  onUserMessage: () => {},
  encodeLocalState: () => new Uint8Array(0),
  onRemoteState: () => {},
  ackPayload: (() => {
    const payload = new Uint8Array(130).fill(0x5a);
    return () => payload;
  })(),
  onPingCompleted: () => {},
  onNodeJoin: () => {},
  onNodeLeave: () => {},
  onNodeUpdate: () => {},
  onNameConflict: () => {},
};

/** A memberlist that compresses, and the hash of what it sends. */
function createEngine(random: SeededRandom, keyring?: Keyring): { engine: Memberlist; hash: () => number } {
  let hash = 0;
  const ports: CorePorts = {
    clock: STILL,
    random,
    logger: { enabled: (level) => level > LogLevel.info, log: () => {} },
    transport: {
      sendPacket: (_to, bytes) => {
        hash = mix(hash, bytes.length + bytes[bytes.length - 1]!);
        return true;
      },
      openExchange: () => {},
    },
  };
  const local = { address: Address.fromHost("10.0.0.1", 7946) };
  const engine = new Memberlist(resolveMemberlistOptions({ name: "me" }), local, ports, DELEGATE, keyring);
  engine.start();
  return { engine, hash: () => hash };
}

function createPingPacket(): Uint8Array {
  const writer = new MsgpackWriter();
  encodePing(writer, {
    ...createPing(),
    node: "me",
    seqNo: 4711,
    sourceAddr: PEER.ip,
    sourcePort: PEER.port,
    sourceNode: "peer",
  });
  return writer.copy();
}

/** A packet of gossip about 16 nodes. */
function createGossip(incarnation: number): Uint8Array {
  const writer = new MsgpackWriter();
  const messages = Array.from({ length: 16 }, (_, i) => {
    writer.reset();
    encodeAlive(writer, {
      node: `node-${i}`,
      incarnation,
      addr: Uint8Array.of(10, 0, 1, i),
      port: 7946,
      meta: Uint8Array.of(0xff, 0x81, 0xa4, 0x72, 0x6f, 0x6c, 0x65, 0xa3, 0x77, 0x65, 0x62),
      vsn: Uint8Array.of(1, 5, 2, 2, 5, 5),
    });
    return writer.copy();
  });
  writer.reset();
  encodeCompound(writer, messages);
  return writer.copy();
}

/** Each part by name, for timing one by one. */
export const PARTS: Readonly<Record<string, Part>> = {
  "ping to ack": (size, random) => {
    const { engine, hash } = createEngine(random);
    const packet = createPingPacket();
    for (let i = 0; i < size; i++) engine.onPacket(PEER, packet);
    return hash();
  },

  "ping to ack, encrypted": (size, random) => {
    const keyring = new Keyring([new Uint8Array(32).fill(1)]);
    const { engine, hash } = createEngine(random, keyring);
    const plain = createPingPacket();
    const packet = new Uint8Array(plain.length + 29);
    keyring.sealInto(packet, 0, plain, new Uint8Array(0), random);
    for (let i = 0; i < size; i++) engine.onPacket(PEER, packet);
    return hash();
  },

  "gossip of 16 nodes, known before": (size, random) => {
    const { engine, hash } = createEngine(random);
    const packet = createGossip(1);
    for (let i = 0; i < size; i++) engine.onPacket(PEER, packet);
    return mix(hash(), engine.nodeCount);
  },

  "gossip of 16 nodes, all news, passed on": (size, random) => {
    const { engine, hash } = createEngine(random);
    const ping = createPingPacket();
    for (let i = 0; i < size; i++) {
      engine.onPacket(PEER, createGossip(i + 1));
      engine.onPacket(PEER, ping);
    }
    return hash();
  },
};

/** Runs all parts. @returns a hash that depends on size and seed alone. */
export function run(size: number, seed: number): number {
  let hash = 0;
  for (const part of Object.values(PARTS)) hash = mix(hash, part(size, new SeededRandom(seed)));
  return hash;
}

if (import.meta.main) {
  const size = Number(Deno.args[0] ?? 50_000);
  for (const [name, part] of Object.entries(PARTS)) {
    part(Math.min(size, 2_000), new SeededRandom(1));
    const startMs = performance.now();
    const hash = part(size, new SeededRandom(1));
    const microseconds = ((performance.now() - startMs) * 1000) / size;
    console.log(`${name.padEnd(42)} ${microseconds.toFixed(2).padStart(8)} us   ${hash}`);
  }
}
