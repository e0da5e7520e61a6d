import { equal, ok, throws } from "../../support/assert.ts";
import { SizeLimitError, WireError } from "../../../lib/base/errors.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import * as messages from "../../../lib/memberlist/messages.ts";
import {
  type StreamDirection,
  StreamFrames,
  StreamUnwrapError,
} from "../../../lib/memberlist/stream_frames.ts";
import { Label } from "../../../lib/wire/label.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { concat, fromHex, toHex } from "../../golden/sample.ts";

const KEY = new Uint8Array(32).fill(1);
const PING = fromHex("0082a44e6f6465a57065657241a55365714e6f06");

function frames(options: { label?: string; key?: Uint8Array; compression?: boolean } = {}): StreamFrames {
  return new StreamFrames({
    label: new Label(options.label ?? ""),
    compression: options.compression ?? false,
    keyring: options.key === undefined ? undefined : new Keyring([options.key]),
    random: new SeededRandom(1),
  });
}

const refusesWith = (text: string, bytes: Uint8Array, receiver: StreamFrames) =>
  throws(
    () => receiver.decode(bytes, "request"),
    (error) => error instanceof StreamUnwrapError && error.message === text,
    text,
  );

Deno.test("StreamFrames.decode() undoes encode() with and without label, compression and encryption", () => {
  const header = new MsgpackWriter();
  messages.encodeUserHeader(header, 200_000);
  const large = concat(header.copy(), new Uint8Array(200_000));
  for (const label of ["", "foo"]) {
    for (const key of [undefined, KEY]) {
      for (const compression of [false, true]) {
        const both = frames({ label, compression, ...(key === undefined ? {} : { key }) });
        for (const direction of ["request", "reply"] as StreamDirection[]) {
          for (const message of [PING, large, PING]) {
            const encoded = both.encode(message, direction);
            equal(encoded[0] === messages.MessageType.label, label !== "" && direction === "request");
            equal(both.newFrameReader(direction).scan(encoded, encoded.length), encoded.length);
            equal(toHex(both.decode(encoded, direction)), toHex(message));
          }
        }
      }
    }
  }
});

Deno.test("StreamFrames compresses always when told to, and decompresses whatever it was told", () => {
  const compressing = frames({ compression: true });
  const encoded = compressing.encode(PING, "request");
  equal(encoded[0], messages.MessageType.compress);
  ok(encoded.length > PING.length);
  equal(toHex(frames().decode(encoded, "request")), toHex(PING));
  equal(toHex(compressing.decode(PING, "request")), toHex(PING));
});

Deno.test("StreamFrames authenticates header and label in both directions", () => {
  const labelled = frames({ label: "foo", key: KEY });
  const reply = labelled.encode(PING, "reply");
  throws(() => frames({ key: KEY }).decode(reply, "reply"), WireError);
  const request = labelled.encode(PING, "request");
  request[9]! ^= 1; // The last byte of the length.
  throws(() => labelled.decode(concat(request, new Uint8Array(1)), "request"), WireError);
});

Deno.test("StreamFrames.decode() names what HashiCorp's agents answer with an err frame", () => {
  const sealed = frames({ key: KEY }).encode(PING, "request");
  refusesWith("Remote state is encrypted and encryption is not configured", sealed, frames());
  refusesWith("Remote state is encrypted and encryption is not configured", fromHex("0a"), frames());
  refusesWith("Encryption is configured but remote state is not encrypted", PING, frames({ key: KEY }));
  const other = frames({ key: new Uint8Array(32).fill(2) });
  refusesWith("No installed keys could decrypt the message", sealed, other);
  refusesWith("Remote node state is larger than limit (20971521)", fromHex("0a01400001"), other);
  refusesWith("Payload is too small to decrypt: 3", fromHex("0a00000003010203"), other);
  refusesWith(
    "Unsupported encryption version 9",
    concat(fromHex("0a00000040"), new Uint8Array(64).fill(9)),
    other,
  );
  refusesWith("Cannot decompress unknown algorithm 7", fromHex("0982a4416c676f07a3427566a27878"), frames());
});

Deno.test("StreamFrames.decode() refuses an empty message inside its wrappers", () => {
  const compressed = fromHex("0982a4416c676f00a3427566a3000302");
  throws(() => frames().decode(compressed, "request"), StreamUnwrapError);
  const encrypted = frames({ key: KEY });
  throws(
    () => encrypted.decode(encrypted.encode(new Uint8Array(0), "request"), "request"),
    StreamUnwrapError,
  );
});

Deno.test("StreamFrames.decode(): label errors and nothing at all deserve no answer", () => {
  const isSilent = (error: unknown) => error instanceof WireError && !(error instanceof StreamUnwrapError);
  throws(() => frames().decode(fromHex("f403666f6f0080"), "request"), isSilent);
  throws(() => frames({ label: "foo" }).decode(PING, "request"), isSilent);
  throws(() => frames({ label: "foo" }).decode(fromHex("f403666f6f"), "request"), isSilent);
  throws(() => frames().decode(new Uint8Array(0), "reply"), isSilent);
});

Deno.test("StreamFrames.decode() survives frames that are cut off", () => {
  for (
    const options of [{ compression: true }, { key: KEY }, { label: "foo", key: KEY, compression: true }]
  ) {
    const both = frames(options);
    const whole = both.encode(PING, "request");
    for (let length = 0; length < whole.length; length++) {
      throws(() => both.decode(whole.slice(0, length), "request"), WireError, `cut to ${length}`);
    }
  }
});

Deno.test("StreamFrames.encodeErr() is wrapped like every reply", () => {
  const both = frames({ key: KEY, compression: true });
  const reply = both.encodeErr("No");
  equal(reply[0], messages.MessageType.encrypt);
  const message = both.decode(reply, "reply");
  equal(messages.decodeErr(message, 1, message.length), "No");
});

Deno.test("StreamFrames.encode() does not seal more than a peer takes", () => {
  const limit = 20 * 1024 * 1024 - 29;
  const sealing = frames({ key: KEY });
  equal(sealing.encode(new Uint8Array(limit), "reply").length, limit + 34);
  throws(() => sealing.encode(new Uint8Array(limit + 1), "reply"), SizeLimitError);
});

Deno.test("StreamFrames.decode() bounds what comes out of compression at 40 MiB", () => {
  const zeros = (length: number) => {
    const writer = new MsgpackWriter();
    messages.compressMessage(writer, new Uint8Array(length), false);
    return writer.view();
  };
  const limit = 40 * 1024 * 1024;
  equal(frames().decode(zeros(limit), "request").length, limit);
  throws(() => frames().decode(zeros(limit + 1), "request"), StreamUnwrapError);
});

Deno.test("StreamFrames.decode() takes 20 MiB of ciphertext, and what is behind it for nothing", () => {
  const limit = 20 * 1024 * 1024;
  const sealing = frames({ key: KEY });
  const longest = sealing.encode(new Uint8Array(limit - 29), "reply");
  equal(sealing.decode(longest, "reply").length, limit - 29);
  const followed = concat(sealing.encode(PING, "reply"), fromHex("0102"));
  equal(toHex(sealing.decode(followed, "reply")), toHex(PING));
  throws(() => sealing.decode(fromHex("0a00000000"), "reply"), WireError);
});

Deno.test("StreamFrames: a label is no part of replies, authenticates them all the same, and is the whole label", () => {
  const labelled = frames({ label: "foo", key: KEY });
  const [request, reply] = [labelled.encode(PING, "request"), labelled.encode(PING, "reply")];
  equal(toHex(labelled.decode(reply, "reply")), toHex(PING));
  throws(() => labelled.decode(request, "reply"), WireError);
  throws(() => labelled.decode(reply, "request"), WireError);
  for (const label of ["", "fo", "fop", "foo2"]) {
    const other = frames({ label, key: KEY });
    throws(() => other.decode(reply, "reply"), WireError, label);
    throws(() => other.decode(concat(new Label(label).header, reply), "request"), WireError, label);
  }
});

Deno.test("StreamFrames authenticates 0a, the length and the label, in this order (A.7)", () => {
  const length = PING.length + 29;
  const header = Uint8Array.of(0x0a, 0, 0, 0, length);
  const aad = concat(header, new TextEncoder().encode("foo"));
  const sealed = new Uint8Array(length);
  new Keyring([KEY]).sealInto(sealed, 0, PING, aad, new SeededRandom(2));
  const labelled = frames({ label: "foo", key: KEY });
  equal(toHex(labelled.decode(concat(header, sealed), "reply")), toHex(PING));
});
