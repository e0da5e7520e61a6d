/**
 * The cost of the wire: encoding, decoding, LZW, AES-GCM, and a whole compressed and sealed packet.
 *
 *     deno run --allow-read tests/bench/codec_bench.ts [size]
 */
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import * as messages from "../../lib/memberlist/messages.ts";
import { decodePushPull, decodeUserEvent, encodePushPull, encodeUserEvent } from "../../lib/serf/messages.ts";
import { decodeTags, encodeTags } from "../../lib/serf/tags.ts";
import { crc32 } from "../../lib/wire/crc32.ts";
import { lzwBoundBytes, lzwCompressInto, lzwDecompress } from "../../lib/wire/lzw.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";

/** Does one thing `size` times; returns a hash of what came out. */
type Part = (size: number, random: SeededRandom) => number;

const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) >>> 0;
const mixBytes = (hash: number, bytes: Uint8Array): number => mix(hash, crc32(bytes));
const NONE = new Uint8Array(0);

/** Names as a cluster has them: many messages, few names. */
function names(random: SeededRandom): string[] {
  return Array.from({ length: 64 }, (_, index) => `node-${index}-${random.below(1000)}.example`);
}

function randomBytes(length: number, random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
}

/** A gossip packet's worth of alive messages. */
function gossip(random: SeededRandom): Uint8Array {
  const writer = new MsgpackWriter();
  const node = names(random);
  const meta = encodeTags(new Map([["role", "web"], ["dc", "eu-west-1"]]), 5);
  const versions = { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 };
  for (let i = 0; writer.length < 1300; i++) {
    messages.encodeAlive(writer, {
      incarnation: i,
      node: node[i]!,
      addr: Uint8Array.of(10, 0, 0, i),
      port: 7946,
      meta,
      vsn: messages.versionBytes(versions),
    });
  }
  return writer.copy();
}

/** Each part by name, for timing one by one. */
export const PARTS: Readonly<Record<string, Part>> = {
  "encode ping": (size, random) => {
    const node = names(random);
    const writer = new MsgpackWriter();
    const ping = {
      ...messages.createPing(),
      sourceAddr: Uint8Array.of(10, 0, 0, 1),
      sourcePort: 7946,
      sourceNode: "a",
    };
    let hash = 0;
    for (let i = 0; i < size; i++) {
      writer.reset();
      ping.seqNo = i;
      ping.node = node[i & 63]!;
      messages.encodePing(writer, ping);
      hash = mix(hash, writer.length);
    }
    return mixBytes(hash, writer.view());
  },

  "decode ping": (size, random) => {
    const writer = new MsgpackWriter();
    const ping = messages.createPing();
    for (const node of names(random)) {
      messages.encodePing(writer, { ...ping, node, seqNo: 70_000, sourceNode: node });
    }
    const bytes = writer.copy();
    const starts: number[] = [];
    for (let at = bytes.indexOf(0x83); at >= 0; at = bytes.indexOf(0x83, at + 1)) starts.push(at);
    let hash = 0;
    for (let i = 0; i < size; i++) {
      messages.decodePing(bytes, starts[i & 63]!, bytes.length, ping);
      hash = mix(hash, ping.seqNo + ping.node.length);
    }
    return hash;
  },

  "decode alive and tags": (size, random) => {
    const bytes = gossip(random);
    const alive = messages.createAlive();
    let hash = 0;
    for (let i = 0; i < size; i++) {
      messages.decodeAlive(bytes, 1, bytes.length, alive);
      hash = mix(hash, alive.incarnation + alive.addr[3]! + alive.meta.length + decodeTags(alive.meta).size);
    }
    return hash;
  },

  "encode and decode user event": (size, random) => {
    const writer = new MsgpackWriter();
    const payload = randomBytes(100, random);
    let hash = 0;
    for (let i = 0; i < size; i++) {
      writer.reset();
      encodeUserEvent(writer, { lTime: i, name: "deploy", payload, coalesce: true });
      const bytes = writer.view();
      hash = mix(hash, decodeUserEvent(bytes, 1, bytes.length).lTime);
    }
    return hash;
  },

  "encode and decode push/pull state of 64 members": (size, random) => {
    const writer = new MsgpackWriter();
    const statusLTimes = new Map(names(random).map((name, index) => [name, index * 300]));
    const events = new Array(512).fill(null);
    let hash = 0;
    for (let i = 0; i < size; i++) {
      writer.reset();
      encodePushPull(writer, {
        lTime: i,
        statusLTimes,
        leftMembers: [],
        eventLTime: 1,
        events,
        queryLTime: 1,
      });
      const bytes = writer.view();
      hash = mix(hash, decodePushPull(bytes, 1, bytes.length).statusLTimes.size + bytes.length);
    }
    return hash;
  },

  "LZW compress 1.3 kB": (size, random) => {
    const bytes = gossip(random);
    const target = new Uint8Array(lzwBoundBytes(bytes.length));
    let length = 0;
    for (let i = 0; i < size; i++) length = lzwCompressInto(bytes, 0, bytes.length, target, 0);
    return mixBytes(0, target.subarray(0, length));
  },

  "LZW decompress 1.3 kB": (size, random) => {
    const bytes = gossip(random);
    const target = new Uint8Array(lzwBoundBytes(bytes.length));
    const length = lzwCompressInto(bytes, 0, bytes.length, target, 0);
    let hash = 0;
    for (let i = 0; i < size; i++) hash = mix(hash, lzwDecompress(target, 0, length, 65_536).length);
    return hash;
  },

  "seal 150 B": (size, random) => sealed(size, random, false),
  "seal and open 150 B": (size, random) => sealed(size, random, true),

  "crc 1.3 kB": (size, random) => {
    const bytes = gossip(random);
    let hash = 0;
    for (let i = 0; i < size; i++) hash = mix(hash, crc32(bytes));
    return hash;
  },
};

function sealed(size: number, random: SeededRandom, isOpened: boolean): number {
  const keyring = new Keyring([randomBytes(32, random)]);
  const plain = randomBytes(150, random);
  const target = new Uint8Array(200);
  let hash = 0;
  for (let i = 0; i < size; i++) {
    const length = keyring.sealInto(target, 0, plain, NONE, random);
    hash = mix(hash, target[length - 1]!);
    if (isOpened) hash = mix(hash, keyring.open(target, 0, length, NONE)[7]!);
  }
  return hash;
}

/** Runs every part `size` times. @returns a hash that depends on `seed` and `size` alone. */
export function run(size: number, seed: number): number {
  let hash = 0;
  for (const [name, part] of Object.entries(PARTS)) {
    hash = mix(hash, part(size, new SeededRandom(seed, name)));
  }
  return hash;
}

if (import.meta.main) {
  const size = Number(Deno.args[0] ?? 20_000);
  run(size / 10, 1);
  for (const [name, part] of Object.entries(PARTS)) {
    const start = performance.now();
    part(size, new SeededRandom(1, name));
    const perOp = (performance.now() - start) * 1000 / size;
    console.log(`${name.padEnd(50)} ${perOp.toFixed(2).padStart(8)} us`);
  }
}
