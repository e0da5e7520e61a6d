/** Targets that are wrapped around memberlist's messages, and what finds their ends. */
import fc from "fast-check";
import { WireError } from "../../../lib/base/errors.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import { MessageType } from "../../../lib/memberlist/messages.ts";
import { decodeCompound, encodeCompound } from "../../../lib/wire/compound.ts";
import { checkCrcHeader, CRC_HEADER_BYTES, writeCrcHeader } from "../../../lib/wire/crc32.ts";
import { Label } from "../../../lib/wire/label.ts";
import { lzwBoundBytes, lzwCompressInto, lzwDecompress } from "../../../lib/wire/lzw.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { CIPHER_OVERHEAD_BYTES } from "../../../lib/wire/packet_cipher.ts";
import { concat, fromHex, SAMPLES } from "../../golden/sample.ts";
import { attempted } from "../support/attempted.ts";
import type { Target } from "../support/target.ts";
import { bytes, flag, written } from "./family.ts";
import { CAPTURED, LEAVES } from "./memberlist_targets.ts";
import { plainValueEnd } from "./plain_msgpack.ts";
import { plainLabelEnd } from "./unwrapping.ts";

const compound: Target = {
  name: "compound",
  seeds: CAPTURED.map((sample) => sample.bytes).filter((packet) => packet[0] === MessageType.compound),
  words: [],
  refusals: [WireError],
  begin: () => ({
    decode(input, start, end) {
      if (input[start] !== MessageType.compound || start === end) throw new WireError("no compound", start);
      const parts: Uint8Array[] = [];
      const missing = decodeCompound(
        input,
        start + 1,
        end,
        (from, to) => parts.push(input.subarray(from, to)),
      );
      return { parts, missing };
    },
    encode(value) {
      const { parts, missing } = value as { parts: Uint8Array[]; missing: number };
      if (missing > 0 || parts.length === 0) return undefined;
      return written((writer) => encodeCompound(writer, parts));
    },
  }),
  generated: fc.record({ parts: fc.array(bytes, { minLength: 1, maxLength: 20 }), missing: fc.constant(0) }),
};

const INFLATED_BYTES_MAX = 1 << 16;

function compressed(plain: Uint8Array): Uint8Array {
  const target = new Uint8Array(lzwBoundBytes(plain.length));
  return target.slice(0, lzwCompressInto(plain, 0, plain.length, target, 0));
}

const lzw: Target = {
  name: "lzw",
  seeds: [...LEAVES.slice(0, 40), new Uint8Array(5000), concat(...LEAVES.slice(0, 60))].map(compressed),
  words: [],
  refusals: [WireError],
  // A few bytes may become everything that is allowed: the limit is what counts.
  weightMax: () => INFLATED_BYTES_MAX + 1024,
  begin: () => ({
    decode: (input, start, end) => lzwDecompress(input, start, end, INFLATED_BYTES_MAX),
    encode: (plain) => compressed(plain as Uint8Array),
  }),
  generated: fc.oneof(
    bytes,
    fc.array(fc.constantFrom(1, 2), { maxLength: 3000 }).map((a) => Uint8Array.from(a)),
  ),
};

const label = new Label("foo");
const LABELS = ["", "foo", "fop", "fo", "x".repeat(255)].map((text) => new Label(text));

function checkLabels(input: Uint8Array, start: number, end: number): void {
  for (const each of LABELS) {
    const expected = plainLabelEnd(input.subarray(start, end), each);
    const { value } = attempted(() => each.strip(input, start, end) - start);
    if (value !== expected) throw new Error(`label ${each.text} ends at ${expected}, not at ${value}`);
  }
}

const headers: Target = {
  name: "label and checksum",
  seeds: [
    ...CAPTURED.map((sample) => sample.bytes).filter((packet) => packet[0] === MessageType.crc),
    concat(label.header, LEAVES[0]!),
    label.header,
    ...LABELS.map(({ header }) => concat(header, LEAVES[1]!)),
    LABELS.at(-1)!.header.subarray(0, 256),
    Uint8Array.of(MessageType.label, 0, MessageType.user),
  ],
  words: [label.header, label.header.subarray(0, 1), Uint8Array.of(MessageType.crc)],
  refusals: [WireError],
  begin: () => ({
    decode: (input, start, end) => {
      checkLabels(input, start, end);
      const at = input[start] === MessageType.label && start < end ? label.strip(input, start, end) : start;
      const rest = checkCrcHeader(input, at, end);
      return { hasLabel: at > start, hasCrc: rest > at, rest: input.subarray(rest, end) };
    },
    encode(value) {
      const { hasLabel, hasCrc, rest } = value as { hasLabel: boolean; hasCrc: boolean; rest: Uint8Array };
      const packet = hasCrc ? concat(new Uint8Array(CRC_HEADER_BYTES), rest) : rest;
      if (hasCrc) writeCrcHeader(packet);
      return hasLabel ? concat(label.header, packet) : packet;
    },
  }),
  generated: fc.record({
    hasLabel: flag,
    hasCrc: fc.constant(true),
    rest: bytes,
  }),
};

/** The samples' own among them. None of 24 bytes: what opens those takes half a millisecond. */
const sampleKeys = [...new Set(SAMPLES.flatMap(({ key }) => key === undefined ? [] : [key]))].map(fromHex);
const KEYS = sampleKeys.filter((key) => key.length !== 24);
const NO_AAD = new Uint8Array(0);

const sealed: Target = {
  name: "sealed packet",
  seeds: SAMPLES.filter(({ key, transport, len }) => key !== undefined && transport === "udp" && len < 1000)
    .map(({ hex }) => fromHex(hex)),
  words: [Uint8Array.of(0), Uint8Array.of(1)],
  refusals: [WireError],
  begin: () => {
    const keyring = new Keyring(KEYS);
    return {
      decode: (input, start, end) => keyring.open(input, start, end, NO_AAD),
      encode: (plain) => {
        // A nonce by content: encoding twice gives the same bytes.
        const bytes = plain as Uint8Array;
        const fixed = { below: () => 0, uniform: () => 0, fill: (nonce: Uint8Array) => nonce.fill(9) };
        const target = new Uint8Array(bytes.length + 64);
        keyring.use(KEYS[bytes.length % KEYS.length]!);
        return target.slice(0, keyring.sealInto(target, 0, bytes, NO_AAD, fixed));
      },
    };
  },
  generated: fc.oneof(bytes, fc.nat(3000).map((length) => new Uint8Array(length).fill(length))),
};

/**
 * What others sealed as version 0, whose padding is believed: seen from inside, so that it is always authentic. The
 * version is no part of what is authenticated.
 */
const padded: Target = {
  name: "packet of version 0",
  seeds: [16, 17, 32, 48].flatMap((length) =>
    [0, 1, 2, 15, 16, 17, length - 1, length, length + 1, 255].map((last) =>
      new Uint8Array(length).fill(7).with(length - 1, last)
    )
  ),
  words: [new Uint8Array(16), new Uint8Array(16).fill(16)],
  refusals: [WireError],
  begin: () => {
    const keyring = new Keyring(KEYS);
    const random = new SeededRandom(1, "nonces");
    return {
      decode: (input, start, end) => {
        const plain = input.subarray(start, end);
        // Something is in front of it, as a label may be.
        const at = 3;
        const packet = new Uint8Array(at + plain.length + CIPHER_OVERHEAD_BYTES).fill(1);
        keyring.sealInto(packet, at, plain, NO_AAD, random);
        packet[at] = 0;
        const count = plain.at(-1) ?? 0;
        const expected = plain.length < 16 || count > plain.length ? undefined : plain.length - count;
        const { value, refusal } = attempted(() => keyring.open(packet, at, packet.length, NO_AAD));
        if (value?.length !== expected || value?.some((byte, i) => byte !== plain[i])) {
          throw new Error(`${value?.length} bytes came out, not the first ${expected}`);
        }
        if (refusal !== undefined) throw refusal;
        return value;
      },
    };
  },
};

const reader = new MsgpackReader();
const skipping: Target = {
  name: "msgpack skip",
  seeds: [
    ...LEAVES.map((leaf) => leaf.subarray(1)),
    // One of each kind, and text.
    ...Array.from({ length: 0x20 }, (_, i) => Uint8Array.of(0xc0 + i, 0, 0, 0, 1, 1, ...new Uint8Array(16))),
  ],
  words: [],
  msgpackAt: 0,
  refusals: [WireError],
  begin: () => ({
    decode: (input, start, end) => {
      const expected = plainValueEnd(input.subarray(start, end));
      const { value, refusal } = attempted(() => {
        reader.reset(input, start, end).skip();
        return input.subarray(start, reader.position);
      });
      if (value?.length !== expected) {
        throw new Error(`the value ends at ${expected}, not at ${value?.length}`);
      }
      if (refusal !== undefined) throw refusal;
      return value;
    },
    encode: (value) => (value as Uint8Array).slice(),
  }),
};

export const WRAPPER_TARGETS: readonly Target[] = [compound, lzw, headers, sealed, padded, skipping];
