/** How packets are put together: A.4 to A.10. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import { decompressMessage, MessageType } from "../../../lib/memberlist/messages.ts";
import { checkCrcHeader } from "../../../lib/wire/crc32.ts";
import { messagesOf, ping, World, type WorldOptions } from "./fakes.ts";

const QUIET = { probeIntervalMs: 1e9, pushPullIntervalMs: 0 };
const PEER = Address.fromHost("127.0.0.9", 7946);

/** A user message of the layer above, of so many bytes. */
const user = (length: number, fill = 7) => new Uint8Array(length).fill(fill).with(0, 8);

/** A world whose own announcement was told to the last man. */
function quiet(chosen: WorldOptions = {}): World {
  const world = new World({ ...chosen, options: { ...QUIET, ...chosen.options } });
  while (world.memberlist.counters.packetsSent < 4) world.memberlist.onPacket(PEER, ping({ seqNo: 1 }));
  world.transport.take();
  return world;
}

/** The packet that answers a ping, with whatever goes with it. */
function answer(world: World): Uint8Array {
  world.memberlist.onPacket(PEER, ping({ seqNo: 1 }));
  const packets = world.transport.take();
  equal(packets.length, 1);
  return packets[0]!.bytes;
}

Deno.test("a direct message alone goes bare: no compound, no CRC (A.5)", () => {
  equal(answer(quiet())[0], MessageType.ack);
});

Deno.test("gossip goes along with a direct message, whoever the target is; without CRC (A.10)", () => {
  const world = quiet();
  world.delegate.queue.push(user(10), user(20));
  const packet = answer(world);
  equal(packet[0], MessageType.compound);
  equal(packet[1], 3);
  deepEqual(messagesOf(packet).map(({ type }) => type), [2, 8, 8]);
});

Deno.test("the room beside a direct message is 1400 - its length - 2, each message costs 2 more (A.10)", () => {
  const world = quiet();
  const ackBytes = answer(world).length;
  const most = 1400 - ackBytes - 2 - 2;
  world.delegate.queue.push(user(most + 1));
  equal(messagesOf(answer(world)).length, 1);
  world.delegate.queue[0] = user(most);
  const packet = answer(world);
  equal(messagesOf(packet).length, 2);
  equal(packet.length, 1402, "the first message's own length field is not counted, by anybody");
});

Deno.test("a packet larger than any before keeps the messages that it began with", () => {
  const world = quiet({ options: { packetBytesMax: 9_000 } });
  world.delegate.queue.push(user(2_000, 1), user(2_000, 2), user(2_000, 3), user(2_000, 4));
  const parts = messagesOf(answer(world)).slice(1).map((
    { user },
  ) => [user!.length, user!.at(0), user!.at(-1)]);
  deepEqual(parts, [1, 2, 3, 4].map((fill) => [1_999, fill, fill]));
});

Deno.test("gossip packets hold 1400 - 2, less label and encryption overhead (A.10)", () => {
  const key = new Keyring([new Uint8Array(16)]);
  for (
    const [chosen, most] of [
      [{}, 1396],
      [{ options: { label: "abc" } }, 1391],
      [{ keyring: key }, 1367],
    ] as [WorldOptions, number][]
  ) {
    for (const [length, fits] of [[most, true], [most + 1, false]] as const) {
      const whole = { ...chosen, options: { ...QUIET, ...chosen.options } };
      const world = new World(whole);
      learnOther(world, whole);
      world.runFor(10_000);
      world.transport.take();
      world.delegate.queue.push(user(length));
      world.memberlist.onBroadcastQueued();
      world.runFor(1000);
      equal(world.transport.take().length, fits ? 1 : 0, `${length}`);
    }
  }
});

/** Makes the world know a node through a push/pull with one of its kind, whatever label and keys it has. */
function learnOther(world: World, chosen: WorldOptions): void {
  const address = Address.fromHost("127.0.0.2", 7946);
  const peer = new World({ ...chosen, name: "other", local: { address } });
  world.memberlist.pushPullWith(address, true, () => {});
  const { request, sink } = world.transport.exchanges.at(-1)!;
  sink.onReply(peer.memberlist.onExchange(PEER, request));
  ok(world.memberlist.node("other") !== undefined);
}

Deno.test("a compound holds at most 255 messages; the others wait (A.4)", () => {
  const world = quiet();
  for (let i = 0; i < 400; i++) world.delegate.queue.push(user(1));
  const packet = answer(world);
  equal(packet[1], 255);
  equal(messagesOf(packet).length, 255);
  equal(world.delegate.queue.length, 400 - 254);
});

Deno.test("a packet is compressed if the whole wrapper is shorter, and not otherwise (A.6)", () => {
  const world = quiet({ options: { compression: true } });
  const random = user(600);
  world.random.fill(random.subarray(1));
  world.memberlist.sendUser(PEER, random);
  world.memberlist.sendUser(PEER, user(600));
  const [incompressible, compressible] = world.transport.take();
  deepEqual([...incompressible!.bytes], [...random]);
  equal(compressible!.bytes[0], MessageType.compress);
  ok(compressible!.bytes.length < 100);
  deepEqual(decompressMessage(compressible!.bytes, 1, compressible!.bytes.length, 1000), user(600));
});

Deno.test("small packets are not worth trying: an ack is sent as it is, however compressible", () => {
  const world = quiet({ options: { compression: true } });
  world.memberlist.sendUser(PEER, user(159));
  world.memberlist.sendUser(PEER, user(160));
  deepEqual(world.transport.take().map(({ bytes }) => bytes[0]), [8, 9]);
});

Deno.test("without compression nothing is compressed", () => {
  const world = quiet();
  world.memberlist.sendUser(PEER, user(600));
  equal(world.transport.take()[0]!.bytes[0], MessageType.user);
});

Deno.test("wrappers go on in order: label, encryption, CRC, compression, compound (A.9)", () => {
  const keyring = new Keyring([new Uint8Array(32).fill(3)]);
  const chosen = { options: { ...QUIET, label: "lab", compression: true }, keyring };
  const world = new World(chosen);
  learnOther(world, chosen);
  world.runFor(10_000);
  world.transport.take();
  world.delegate.queue.push(user(300), user(300));
  world.memberlist.onBroadcastQueued();
  world.runFor(1000);
  const { bytes } = world.transport.take()[0]!;
  deepEqual([...bytes.subarray(0, 6)], [0xf4, 3, 0x6c, 0x61, 0x62, 1]);
  const plain = keyring.open(bytes, 5, bytes.length, new TextEncoder().encode("lab"));
  equal(plain[0], MessageType.crc);
  equal(checkCrcHeader(plain, 0, plain.length), 5);
  equal(plain[5], MessageType.compress);
  const inner = decompressMessage(plain, 6, plain.length, 5000);
  deepEqual([...inner.subarray(0, 6)], [7, 2, 1, 44, 1, 44]);
  equal(inner.length, 606);
});

Deno.test("every encrypted packet has a nonce of its own", () => {
  const world = new World({ options: QUIET, keyring: new Keyring([new Uint8Array(16)]) });
  for (let i = 0; i < 3; i++) world.memberlist.sendUser(PEER, user(20));
  const nonces = world.transport.take().map(({ bytes }) => bytes.subarray(1, 13).join());
  equal(new Set(nonces).size, 3);
});

Deno.test("a message of 60 KB is sent, and the next small one is none the worse", () => {
  for (const keyring of [undefined, new Keyring([new Uint8Array(16)])]) {
    const world = new World({ options: QUIET, ...(keyring === undefined ? {} : { keyring }) });
    world.memberlist.sendUser(PEER, user(60_000));
    world.memberlist.sendUser(PEER, user(20, 5));
    const [large, small] = world.transport.take().map(({ bytes }) =>
      keyring === undefined ? bytes : keyring.open(bytes, 0, bytes.length, new Uint8Array(0))
    );
    deepEqual(Uint8Array.from(large!), user(60_000));
    deepEqual(Uint8Array.from(small!), user(20, 5));
  }
});

Deno.test("what the local system refuses is counted", () => {
  const world = quiet();
  world.transport.isRefusing = true;
  world.memberlist.sendUser(PEER, user(20));
  equal(world.memberlist.counters.sendsRefused, 1);
});
