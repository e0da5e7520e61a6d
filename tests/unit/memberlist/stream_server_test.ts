/** Inbound streams: B. */
import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { TransportError } from "../../../lib/base/errors.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import {
  createAck,
  decodeAck,
  decodeErr,
  encodeUserHeader,
  MessageType,
} from "../../../lib/memberlist/messages.ts";
import { StreamFrames } from "../../../lib/memberlist/stream_frames.ts";
import { Label } from "../../../lib/wire/label.ts";
import { encode, ping, pushPull, World, type WorldOptions } from "./fakes.ts";

const FROM = Address.fromHost("127.0.0.9", 5000);
const QUIET: WorldOptions = { options: { probeIntervalMs: 1e9, gossipNodes: 0 } };

function ask(world: World, request: Uint8Array): Uint8Array | null {
  const size = world.memberlist.newFrameReader().scan(request, request.length);
  return world.memberlist.onExchange(FROM, request.subarray(0, size === 0 ? request.length : size));
}

Deno.test("a ping on a stream is answered without a payload (B)", () => {
  const world = new World(QUIET);
  const reply = ask(world, ping({ node: "me", seqNo: 7 }))!;
  equal(reply[0], MessageType.ack);
  const ack = createAck();
  decodeAck(reply, 1, reply.length, ack);
  deepEqual(ack, { seqNo: 7, payload: null });
  equal(ask(world, ping({ seqNo: 8 })) !== null, true, "without a name it is for us");
});

Deno.test("a ping for another name is closed without a reply (B)", () => {
  const world = new World(QUIET);
  equal(ask(world, ping({ node: "other", seqNo: 7 })), null);
  equal(world.memberlist.counters.strayPings, 1);
  ok(
    world.logger.lines.includes("WARN memberlist: Got ping for unexpected node other from=127.0.0.9:5000"),
  );
});

Deno.test("what follows the first message is ignored: two pings, one ack (B)", () => {
  const world = new World(QUIET);
  const one = ping({ node: "me", seqNo: 7 });
  const two = new Uint8Array([...one, ...ping({ node: "me", seqNo: 8 })]);
  const reply = ask(world, two)!;
  const ack = createAck();
  decodeAck(reply, 1, reply.length, ack);
  equal(ack.seqNo, 7);
});

Deno.test("a user message on a stream is delivered, without reply (B)", () => {
  const world = new World(QUIET);
  const message = encode((writer) => {
    encodeUserHeader(writer, 3);
    writer.raw(Uint8Array.of(3, 1, 2));
  });
  equal(ask(world, message), null);
  deepEqual(world.delegate.userMessages, [Uint8Array.of(3, 1, 2)]);
});

Deno.test("types that do not begin a stream are closed without a reply (A.1)", () => {
  const world = new World(QUIET);
  for (const type of [1, 2, 3, 4, 5, 7, 11, 12, 13, 77]) {
    equal(ask(world, Uint8Array.of(type, 0x80)), null, `${type}`);
  }
  equal(world.memberlist.counters.streamsFailed, 10);
  equal(world.logger.lines.at(-1), "ERR memberlist: Received invalid msgType (77) from=127.0.0.9:5000");
  equal(world.memberlist.counters.streamsServed, 0);
});

Deno.test("an unknown compression, and encryption we do not expect, get an err reply (B)", () => {
  const world = new World(QUIET);
  const compressed = Uint8Array.of(9, 0x82, 0xa4, 65, 108, 103, 111, 1, 0xa3, 66, 117, 102, 0xa0);
  const replies = [ask(world, compressed)!, ask(world, Uint8Array.of(10, 0, 0, 0, 1, 5))!];
  deepEqual(replies.map((reply) => [reply[0], decodeErr(reply, 1, reply.length)]), [
    [MessageType.err, "Cannot decompress unknown algorithm 1"],
    [MessageType.err, "Remote state is encrypted and encryption is not configured"],
  ]);
  ok(
    world.logger.lines.includes(
      "ERR memberlist: failed to receive: Remote state is encrypted and encryption is not configured from=127.0.0.9:5000",
    ),
  );
});

Deno.test("an encrypted agent answers plaintext, and the wrong key, with an encrypted err (B)", () => {
  const key = new Uint8Array(32).fill(1);
  const world = new World({ ...QUIET, keyring: new Keyring([key]) });
  const framesWith = (fill: number) =>
    new StreamFrames({
      label: new Label(""),
      compression: false,
      keyring: new Keyring([new Uint8Array(32).fill(fill)]),
      random: world.random,
    });
  const read = (reply: Uint8Array) => {
    const message = framesWith(1).decode(reply, "reply");
    return decodeErr(message, 1, message.length);
  };
  equal(read(ask(world, pushPull([]))!), "Encryption is configured but remote state is not encrypted");
  const sealed = framesWith(2).encode(pushPull([]), "request");
  equal(read(ask(world, sealed)!), "No installed keys could decrypt the message");
  equal(world.memberlist.counters.pushPulls, 0);
  const good = framesWith(1).encode(pushPull([]), "request");
  equal(framesWith(1).decode(ask(world, good)!, "reply")[0], MessageType.pushPull);
});

Deno.test("compressed requests are understood by all, and answered compressed by those who compress (A.6)", () => {
  const frames = (compression: boolean, world: World) =>
    new StreamFrames({ label: new Label(""), compression, keyring: undefined, random: world.random });
  for (const compression of [true, false]) {
    const world = new World({ options: { ...QUIET.options, compression } });
    const reply = ask(world, frames(true, world).encode(ping({ node: "me", seqNo: 3 }), "request"))!;
    equal(reply[0], compression ? MessageType.compress : MessageType.ack);
  }
});

Deno.test("a stream of another label is closed without a word (A.8)", () => {
  const world = new World({ options: { ...QUIET.options, label: "ours" } });
  const frames = (label: string) =>
    new StreamFrames({
      label: new Label(label),
      compression: false,
      keyring: undefined,
      random: world.random,
    });
  equal(ask(world, frames("theirs").encode(ping({ seqNo: 1 }), "request")), null);
  equal(ask(world, ping({ seqNo: 1 })), null);
  const reply = ask(world, frames("ours").encode(ping({ seqNo: 1 }), "request"))!;
  equal(reply[0], MessageType.ack, "the reply carries no label");
});

Deno.test("a connection that brought nothing is not worth a line; one that broke off is", () => {
  const world = new World(QUIET);
  world.memberlist.onExchangeFailed(FROM, 0, new TransportError("closed", "EOF"));
  equal(world.memberlist.counters.streamsFailed, 0);
  world.memberlist.onExchangeFailed(FROM, 3, new TransportError("timeout", "i/o timeout"));
  equal(world.memberlist.counters.streamsFailed, 1);
  deepEqual(world.logger.matching("failed to receive"), [
    "ERR memberlist: failed to receive: i/o timeout from=127.0.0.9:5000",
  ]);
});

Deno.test("every stream shows in the debug log, at a bounded rate", () => {
  const world = new World(QUIET);
  for (let i = 0; i < 1000; i++) ask(world, ping({ node: "me", seqNo: 1 }));
  const lines = world.logger.matching("DEBUG memberlist: Stream connection from=127.0.0.9:5000").length;
  ok(lines > 0 && lines <= 50, `${lines}`);
});
