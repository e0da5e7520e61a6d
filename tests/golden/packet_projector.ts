/** Takes the wrappers off packets and streams, projects what is inside, and wraps it again. */
import { MessageType } from "../../lib/memberlist/messages.ts";
import { aes192Gcm } from "../../lib/wire/aes192.ts";
import { checkCrcHeader, CRC_HEADER_BYTES, writeCrcHeader } from "../../lib/wire/crc32.ts";
import { Label } from "../../lib/wire/label.ts";
import { checkSealed, openSealed, sealedBytes, sealInto } from "../../lib/wire/packet_cipher.ts";
import { projectMessage } from "./message_projector.ts";
import { concat, fromHex, type JsonObject, type Projection, type Sample, toHex } from "./sample.ts";

const TCP_HEADER_BYTES = 5;

/** Projects a sample from its bytes; the label to expect comes from its description. */
export function projectSample(sample: Sample): Projection {
  const bytes = fromHex(sample.hex);
  const text = sample.decoded["label"];
  const label = new Label(typeof text === "string" ? text : "");
  const start = label.strip(bytes, 0, bytes.length);
  const inner = projectLabelled(bytes.subarray(start), sample, label.bytes);
  if (label.text === "") return inner;
  return { json: { label: label.text, ...inner.json }, bytes: concat(label.header, inner.bytes) };
}

function projectLabelled(bytes: Uint8Array, sample: Sample, label: Uint8Array): Projection {
  const isStream = sample.transport !== "udp";
  if (sample.key === undefined) return isStream ? projectMessage(bytes, true) : projectChecked(bytes);
  const key = fromHex(sample.key);
  return isStream ? projectSealedStream(bytes, key, label) : projectSealedPacket(bytes, key, label);
}

function projectSealedPacket(bytes: Uint8Array, key: Uint8Array, aad: Uint8Array): Projection {
  const { version, nonce, plain } = open(bytes, key, aad);
  const inner = projectChecked(plain);
  const resealed = seal(inner.bytes, key, nonce, aad, version);
  const encrypted = { vsn: version, nonce: toHex(nonce), tag: toHex(bytes.subarray(-16)) };
  return { json: { encrypted, plain_hex: toHex(plain), inner: inner.json }, bytes: resealed };
}

function projectSealedStream(bytes: Uint8Array, key: Uint8Array, label: Uint8Array): Projection {
  const header = bytes.subarray(0, TCP_HEADER_BYTES);
  if (header[0] !== MessageType.encrypt) throw new Error("not an encrypted frame");
  const length = header[1]! << 24 | header[2]! << 16 | header[3]! << 8 | header[4]!;
  const { version, nonce, plain } = open(bytes.subarray(TCP_HEADER_BYTES), key, concat(header, label));
  const inner = projectMessage(plain, true);
  const size = sealedBytes(version, inner.bytes.length);
  const newHeader = Uint8Array.of(MessageType.encrypt, size >>> 24, size >>> 16, size >>> 8, size);
  const resealed = seal(inner.bytes, key, nonce, concat(newHeader, label), version);
  const json: JsonObject = {
    type: "encrypt",
    len: length,
    vsn: version,
    nonce: toHex(nonce),
    plain_hex: toHex(plain),
    inner: inner.json,
  };
  return { json, bytes: concat(newHeader, resealed) };
}

function open(bytes: Uint8Array, key: Uint8Array, aad: Uint8Array) {
  const version = checkSealed(bytes, 0, bytes.length);
  const plain = openSealed(key, bytes, 0, bytes.length, aad, aes192Gcm);
  if (plain === null) throw new Error("the key does not fit");
  return { version, nonce: bytes.subarray(1, 13), plain };
}

/** Seals with a given nonce, which only tests do. */
export function seal(plain: Uint8Array, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, version: 0 | 1) {
  const sealed = new Uint8Array(sealedBytes(version, plain.length));
  const written = sealInto(sealed, 0, key, nonce, plain, aad, version, aes192Gcm);
  return sealed.subarray(0, written);
}

/** A packet's plaintext: a checksum may come first. */
function projectChecked(bytes: Uint8Array): Projection {
  const start = checkCrcHeader(bytes, 0, bytes.length);
  const inner = projectMessage(bytes.subarray(start), false);
  if (start === 0) return inner;
  const packet = concat(new Uint8Array(CRC_HEADER_BYTES), inner.bytes);
  writeCrcHeader(packet);
  const json = { type: "hasCrc", crc: toHex(bytes.subarray(1, 5)), crc_ok: true, inner: inner.json };
  return { json, bytes: packet };
}
