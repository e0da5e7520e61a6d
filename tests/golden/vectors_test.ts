/**
 * Every sample decodes to what vectors.json says, and encodes again, from the decoded values alone, to the same bytes.
 *
 * Nonces and tags are not chosen freely here: what was encrypted is sealed again with the sample's own nonce. Maps keep
 * the order in which they were read, so StatusLTimes and Tags, which Go writes in random order, come back as they were.
 */
import { deepEqual, equal, notEqual } from "../support/assert.ts";
import type { Random } from "../../lib/base/ports.ts";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import { STREAM_MESSAGE_BYTES_MAX } from "../../lib/memberlist/stream_frame_reader.ts";
import { StreamFrames } from "../../lib/memberlist/stream_frames.ts";
import { decodeTags, encodeTags } from "../../lib/serf/tags.ts";
import { aes192Gcm } from "../../lib/wire/aes192.ts";
import { Label } from "../../lib/wire/label.ts";
import { wrapCompressed } from "./message_projector.ts";
import { projectSample, seal } from "./packet_projector.ts";
import { fromHex, type Json, type JsonObject, type Sample, SAMPLES, toHex } from "./sample.ts";

/** Samples that do not come back from the decoded values, and why. */
const NOT_CANONICAL = new Map<string, string>([
  [
    "hand-made encrypt v0(32-byte plaintext: full padding block)",
    "its ping is padded with the unknown key Zp, which decoders drop",
  ],
  [
    "hand-made compress(9 KB ping with LCG padding): LZW table overflow, clear code mid-stream",
    "its ping is padded with the unknown key Zpad, which decoders drop",
  ],
]);

/** The description of a sample without the keys that no struct has. */
function withoutUnknownKeys(json: Json): Json {
  if (Array.isArray(json)) return json.map(withoutUnknownKeys);
  if (json === null || typeof json !== "object") return json;
  const known = Object.entries(json).filter(([key]) => key !== "Zp" && key !== "Zpad");
  return Object.fromEntries(known.map(([key, value]) => [key, withoutUnknownKeys(value)]));
}

/** All objects in a description, the outermost first. */
function* objectsIn(json: Json): Generator<JsonObject> {
  if (json === null || typeof json !== "object") return;
  if (!Array.isArray(json)) yield json;
  for (const value of Object.values(json)) yield* objectsIn(value);
}

for (const sample of SAMPLES) {
  Deno.test(`golden: ${sample.name}`, () => {
    equal(sample.hex.length, 2 * sample.len);
    const projection = projectSample(sample);
    deepEqual(projection.json, withoutUnknownKeys(sample.decoded));
    if (NOT_CANONICAL.has(sample.name)) {
      notEqual(toHex(projection.bytes), sample.hex);
      rewrapExactly(sample);
    } else equal(toHex(projection.bytes), sample.hex);
    if (sample.transport !== "udp") checkStream(sample);
  });
}

/** The wrapper alone, around the plaintext that the sample names, gives the sample's bytes. */
function rewrapExactly(sample: Sample): void {
  const plain = fromHex(sample.decoded["plain_hex"] as string);
  if (sample.decoded["type"] === "compress") {
    equal(toHex(wrapCompressed(plain)), sample.hex);
    return;
  }
  const { nonce, vsn } = sample.decoded["encrypted"] as { nonce: string; vsn: 0 | 1 };
  const resealed = seal(plain, fromHex(sample.key!), fromHex(nonce), new Uint8Array(0), vsn);
  equal(toHex(resealed), sample.hex);
}

/** What the engine does with a stream: finds the frame's end, unwraps it, wraps the same message again. */
function checkStream(sample: Sample): void {
  const bytes = fromHex(sample.hex);
  const direction = sample.transport === "tcp-c2s" ? "request" : "reply";
  const layers = [...objectsIn(sample.decoded)];
  const label = layers[0]!["label"];
  const nonce = layers[0]!["nonce"];
  const random: Random = {
    below: () => 0,
    uniform: () => 0,
    fill: (target) => target.set(fromHex(nonce as string)),
  };
  const frames = new StreamFrames({
    label: new Label(typeof label === "string" ? label : ""),
    compression: layers.some((layer) => layer["type"] === "compress"),
    keyring: sample.key === undefined ? undefined : new Keyring([fromHex(sample.key)], aes192Gcm),
    random,
  });
  const reader = frames.newFrameReader(direction);
  for (let length = 0; length < bytes.length; length++) equal(reader.scan(bytes, length), 0);
  equal(reader.scan(bytes, bytes.length), bytes.length);
  equal(frames.newFrameReader(direction).scan(bytes, bytes.length), bytes.length);
  const message = frames.decode(bytes, direction);
  // Version 0 is only understood, never written.
  if (layers[0]!["vsn"] !== 0) equal(toHex(frames.encode(message, direction)), sample.hex);
}

Deno.test("golden: there are 77 samples, and a frame fits the largest message", () => {
  equal(SAMPLES.length, 77);
  equal(SAMPLES.every((sample) => sample.len < STREAM_MESSAGE_BYTES_MAX), true);
  const names = new Set(SAMPLES.map((sample) => sample.name));
  for (const name of NOT_CANONICAL.keys()) equal(names.has(name), true, name);
});

Deno.test("golden: every Meta in the samples comes back from its tags", () => {
  let count = 0;
  for (const object of SAMPLES.flatMap((sample) => [...objectsIn(sample.decoded)])) {
    const meta = object["Meta"];
    if (typeof meta !== "string") continue;
    const bytes = meta.startsWith("hex:") ? fromHex(meta.slice(4)) : new TextEncoder().encode(meta);
    const tags = decodeTags(bytes);
    const encoded = encodeTags(tags, bytes[0] === 0xff ? 5 : 2);
    // HashiCorp's agents write tags in the random order of a Go map, ours sorted: the same bytes only if that fell so.
    const keys = [...tags.keys()];
    if (keys.join() === keys.toSorted().join()) equal(toHex(encoded), toHex(bytes));
    else equal(encoded.length, bytes.length);
    deepEqual(Object.fromEntries(decodeTags(encoded)), Object.fromEntries(tags));
    count++;
  }
  equal(count > 40, true);
});
