/** How packets are taken apart, hostile ones included: A.4 to A.9. */
import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import type { MemberlistCounters } from "../../../lib/memberlist/counters.ts";
import { compressMessage, encodeCompressed, MessageType } from "../../../lib/memberlist/messages.ts";
import { writeCrcHeader } from "../../../lib/wire/crc32.ts";
import { ack, alive, compound, dead, encode, indirectPing, nack, ping, suspect, World } from "./fakes.ts";

const QUIET = { probeIntervalMs: 1e9, pushPullIntervalMs: 0, gossipNodes: 0 };
const quiet = () => new World({ options: QUIET });
const user = (...bytes: number[]) => Uint8Array.of(8, ...bytes);
const compress = (message: Uint8Array) => encode((writer) => void compressMessage(writer, message, false));

function withCrc(message: Uint8Array): Uint8Array {
  const packet = new Uint8Array([0, 0, 0, 0, 0, ...message]);
  writeCrcHeader(packet);
  return packet;
}

/** The counters that are not zero, traffic aside. */
function counted(world: World): Partial<MemberlistCounters> {
  const { packetsReceived: _1, bytesReceived: _2, packetsSent: _3, bytesSent: _4, ...others } =
    world.memberlist.counters;
  return Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0));
}

Deno.test("all parts of a compound are handled, and one bad part harms only itself (A.4, F.2.10, F.2.30)", () => {
  const world = quiet();
  world.receive(
    compound(
      user(1),
      Uint8Array.of(4, 0xc1),
      new Uint8Array(0),
      Uint8Array.of(99),
      alive(),
      compound(user(2)),
      compress(compound(user(3), compress(user(4)))),
    ),
  );
  deepEqual(world.delegate.userMessages.map((message) => [...message]), [[1], [2], [3], [4]]);
  ok(world.memberlist.node("other") !== undefined);
  deepEqual(counted(world), { malformed: 2, unsupported: 1 });
});

Deno.test("a compound that is cut off gives its whole parts, and counts the rest (A.4)", () => {
  const world = quiet();
  const packet = compound(user(1), user(2, 2, 2), user(3));
  world.receive(packet.subarray(0, packet.length - 3));
  deepEqual(world.delegate.userMessages.map((message) => [...message]), [[1]]);
  equal(world.memberlist.counters.truncated, 2);
  equal(
    world.logger.lines.at(-1),
    "WARN memberlist: Compound request had 2 truncated messages from=127.0.0.9:7946",
  );
  world.receive(packet.subarray(0, 6));
  equal(world.memberlist.counters.malformed, 1, "cut off in the lengths: nothing is handled");
  world.receive(Uint8Array.of(7));
  equal(world.memberlist.counters.malformed, 2);
});

Deno.test("a CRC is checked as the outermost byte of the plaintext only (A.5)", () => {
  const world = quiet();
  world.receive(withCrc(user(1)));
  equal(world.delegate.userMessages.length, 1);
  const bad = withCrc(user(1));
  bad[3]! ^= 1;
  world.receive(bad);
  equal(world.memberlist.counters.badChecksums, 1);
  ok(world.logger.matching("WARN memberlist: Got invalid checksum for UDP packet: ").length === 1);
  world.receive(withCrc(withCrc(user(1))));
  world.receive(compound(withCrc(user(1))));
  world.receive(compress(withCrc(user(1))));
  world.receive(withCrc(user(1)).subarray(0, 4));
  equal(world.delegate.userMessages.length, 1);
  equal(world.memberlist.counters.unsupported, 4);
});

Deno.test("types that do not belong into datagrams are dropped and counted (A.1)", () => {
  const world = quiet();
  for (const type of [6, 10, 13, 14, 100, 255]) world.receive(Uint8Array.of(type, 0x80));
  deepEqual(counted(world), { unsupported: 6 });
  equal(world.logger.lines[1], "ERR memberlist: msg type (10) not supported from=127.0.0.9:7946");
});

Deno.test("empty packets, lone type bytes and nil bodies harm nobody (F.2.30)", () => {
  const world = quiet();
  world.receive(new Uint8Array(0));
  for (let type = 0; type < 16; type++) {
    world.receive(Uint8Array.of(type));
    world.receive(Uint8Array.of(type, 0xc0));
    world.receive(Uint8Array.of(type, 0x80));
  }
  equal(world.memberlist.nodeCount, 1);
});

Deno.test("an encrypted agent takes what any of its keys opens, and nothing else (A.7)", () => {
  const [old, current, foreign] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
  const world = new World({ options: QUIET, keyring: new Keyring([current!, old!]) });
  const seal = (key: Uint8Array, message: Uint8Array) => {
    const packet = new Uint8Array(message.length + 29);
    new Keyring([key]).sealInto(packet, 0, message, new Uint8Array(0), world.random);
    return packet;
  };
  world.receive(seal(current!, user(1)));
  world.receive(seal(old!, withCrc(user(2))));
  deepEqual(world.delegate.userMessages.map((message) => [...message]), [[1], [2]]);
  world.receive(seal(foreign!, user(3)));
  world.receive(user(4));
  world.receive(new Uint8Array(0));
  world.receive(new Uint8Array(29).fill(1));
  equal(world.delegate.userMessages.length, 2);
  deepEqual(counted(world), { undecryptable: 4 });
  equal(
    world.logger.lines.find((line) => line.startsWith("ERR")),
    "ERR memberlist: Decrypt packet failed: No installed keys could decrypt the message from=127.0.0.9:7946",
  );
});

Deno.test("a label must be ours, and be there (A.8)", () => {
  const labelled = (label: string, message: Uint8Array) => {
    const bytes = new TextEncoder().encode(label);
    return new Uint8Array([0xf4, bytes.length, ...bytes, ...message]);
  };
  const plain = quiet();
  plain.receive(labelled("x", user(1)));
  plain.receive(labelled("", user(1)));
  plain.receive(Uint8Array.of(0xf4));
  deepEqual(counted(plain), { labelMismatches: 3 });
  equal(
    plain.logger.lines.find((line) => line.includes("label")),
    'ERR memberlist: discarding packet with unacceptable label "x" from=127.0.0.9:7946',
  );
  const world = new World({ options: { ...QUIET, label: "ours" } });
  world.receive(labelled("ours", user(1)));
  world.receive(labelled("theirs", user(2)));
  world.receive(user(3));
  deepEqual(world.delegate.userMessages.map((message) => [...message]), [[1]]);
  deepEqual(counted(world), { labelMismatches: 2 });
});

Deno.test("the label of an encrypted packet is in front of it, and authenticated (A.7, A.8)", () => {
  const keyring = new Keyring([new Uint8Array(32).fill(1)]);
  const world = new World({ options: { ...QUIET, label: "ours" }, keyring });
  const seal = (label: string, aad: string, message: Uint8Array) => {
    const [shown, data] = [label, aad].map((text) => new TextEncoder().encode(text));
    const sealed = new Uint8Array(message.length + 29);
    keyring.sealInto(sealed, 0, message, data!, world.random);
    return shown!.length === 0 ? sealed : new Uint8Array([0xf4, shown!.length, ...shown!, ...sealed]);
  };
  world.receive(seal("ours", "ours", user(1)));
  for (const aad of ["", "theirs", "\u{4}ours"]) world.receive(seal("ours", aad, user(2)));
  deepEqual(counted(world), { undecryptable: 3 });
  world.receive(seal("", "ours", user(3)));
  world.receive(seal("theirs", "theirs", user(4)));
  deepEqual(counted(world), { undecryptable: 3, labelMismatches: 2 });
  deepEqual(world.delegate.userMessages.map((message) => [...message]), [[1]]);
});

Deno.test("wrappers may be nested eight deep; beyond that a message is dropped", () => {
  const world = quiet();
  const nest = (depth: number) => {
    let packet: Uint8Array = user(depth);
    for (let i = 0; i < depth; i++) packet = i % 2 === 0 ? compound(packet) : compress(packet);
    return packet;
  };
  world.receive(nest(8));
  world.receive(nest(9));
  deepEqual(world.delegate.userMessages.map((message) => [...message]), [[8]]);
  deepEqual(counted(world), { overLimit: 1 });
});

Deno.test("a packet of many messages is worked at only so long", () => {
  const world = quiet();
  const many = compound(...Array.from({ length: 255 }, () => user(1)));
  world.receive(compound(many, many, many));
  equal(world.delegate.userMessages.length, 512 - 3, "the compounds count as well");
  equal(world.memberlist.counters.overLimit, 2, "what is in a dropped compound is not even counted");
});

Deno.test("a packet full of pings is answered eight times: it is no amplifier", () => {
  const world = quiet();
  world.receive(compress(compound(...Array.from({ length: 255 }, () => Uint8Array.of(0, 0xc0)))));
  equal(world.transport.take().length, 8);
  equal(world.memberlist.counters.overLimit, 247);
});

Deno.test("what a packet decompresses to is bounded as a whole: a bomb is cheap", () => {
  const world = quiet();
  const zerosOf = (length: number) => compress(new Uint8Array(length).with(0, 8));
  const zeros = zerosOf(40_000);
  ok(zeros.length < 1000);
  world.receive(zeros);
  equal(world.delegate.userMessages.length, 1);
  world.receive(compound(...new Array(50).fill(zeros)));
  equal(world.delegate.userMessages.length, 2);
  equal(world.memberlist.counters.malformed, 49);
  world.receive(zerosOf(65_537));
  equal(world.delegate.userMessages.length, 2);
  world.receive(zerosOf(65_536));
  equal(world.delegate.userMessages.length, 3);
  world.receive(compound(zerosOf(65_535), compress(user())));
  equal(world.delegate.userMessages.length, 5, "the allowance can be used up to the last byte");
});

Deno.test("what fails to decompress has used up the packet's allowance: bombs without an end are cheap too", () => {
  const world = quiet();
  const zeros = compress(new Uint8Array(60_000).with(0, 8));
  const endless = encode((writer) => encodeCompressed(writer, Uint8Array.of(0)));
  world.receive(compound(endless, zeros));
  equal(world.delegate.userMessages.length, 0);
  equal(world.memberlist.counters.malformed, 2);
  world.receive(compound(zeros, endless));
  equal(world.delegate.userMessages.length, 1, "each packet has an allowance of its own");
});

Deno.test("a flood of bad packets is counted in full and logged at a bounded rate", () => {
  const world = quiet();
  for (let i = 0; i < 10_000; i++) world.receive(Uint8Array.of(0, 0xc1));
  equal(world.memberlist.counters.malformed, 10_000);
  ok(world.logger.lines.length < 60, `${world.logger.lines.length}`);
  world.runFor(1000);
  world.receive(Uint8Array.of(0, 0xc1));
  ok(/Failed to decode ping request: .* \(\d+ more lines suppressed\)$/.test(world.logger.lines.at(-1)!));
});

Deno.test("a bug of ours is not taken for a peer's", () => {
  const world = quiet();
  world.delegate.onUserMessage = () => {
    throw new TypeError("a bug");
  };
  throws(() => world.receive(user(1)), TypeError);
  world.delegate.onUserMessage = () => {
    throw new WireError("a peer's");
  };
  world.receive(user(1));
  equal(world.memberlist.counters.malformed, 1);
});

Deno.test("any bytes whatsoever: no crash, no strange node, no message from nowhere", () => {
  const seeds = [
    alive(),
    suspect("me", 1, "x"),
    dead("me", 1, "x"),
    ping({ node: "me", seqNo: 1 }),
    indirectPing({ target: Uint8Array.of(127, 0, 0, 2), port: 1 }),
    ack(1),
    nack(1),
    compound(user(1), alive()),
    compress(alive()),
    withCrc(user(1)),
  ];
  const mutated = fc.tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    fc.nat(),
  ).map(([seed, changes, cut]) => {
    const packet = seed.slice(0, 1 + cut % seed.length);
    for (const [at, byte] of changes) packet[at % packet.length] = byte;
    return packet;
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), { maxLength: 5 }),
      (packets) => {
        const world = quiet();
        for (const packet of packets) world.receive(packet);
        world.runFor(1500);
        equal(world.memberlist.local.status, 0);
        for (const node of world.memberlist.nodes) {
          ok(node.name !== "" && (node.ip.length === 4 || node.ip.length === 16));
          ok(node.versions.pMin > 0 && node.versions.pMin <= node.versions.pMax);
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("the types that MessageType names are those of the protocol (A.1)", () => {
  deepEqual({ ...MessageType }, {
    ping: 0,
    indirectPing: 1,
    ack: 2,
    suspect: 3,
    alive: 4,
    dead: 5,
    pushPull: 6,
    compound: 7,
    user: 8,
    compress: 9,
    encrypt: 10,
    nack: 11,
    crc: 12,
    err: 13,
    label: 244,
  });
});

Deno.test("the bytes of each datagram are told, in and out, those of malformed ones included", () => {
  const world = quiet();
  world.transport.take();
  world.metrics.entries.length = 0;
  world.receive(Uint8Array.of(0xee, 1, 2));
  const asked = ping({ node: "me" });
  world.receive(asked);
  const [packet] = world.transport.take();
  deepEqual(world.metrics.entries, [
    ["counter", "memberlist.udp.received", 3],
    ["counter", "memberlist.udp.received", asked.length],
    ["counter", "memberlist.udp.sent", packet!.bytes.length],
  ]);
});
