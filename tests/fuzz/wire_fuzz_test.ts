/**
 * Mutated samples through every decoder. Nothing but a WireError escapes, nothing outside the given bounds has any
 * influence, and nothing grows beyond its bound. The seed is fixed; `FUZZ_SEED` and `FUZZ_CASES` choose others.
 */
import { equal, ok } from "../support/assert.ts";
import { WireError } from "../../lib/base/errors.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { MessageType } from "../../lib/memberlist/messages.ts";
import { StreamFrameReader } from "../../lib/memberlist/stream_frame_reader.ts";
import { leafMessages } from "../golden/leaves.ts";
import { fromHex, SAMPLES, toHex } from "../golden/sample.ts";
import {
  type Decoder,
  MEMBERLIST_DECODERS,
  SERF_DECODERS,
  WRAPPER_DECODERS,
} from "../support/wire_decoders.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 1);
const CASES = Number(Deno.env.get("FUZZ_CASES") ?? 3000);
/** More than any decoder makes of the samples' few kilobytes, less than a bomb would. */
const OUTCOME_CHARACTERS_MAX = 2_000_000;
const MARGIN = 6;

/** Bytes that mean much to the formats: headers, lengths, type bytes. */
const LOADED = fromHex(
  "00017f80818f90919fa0a1bfc0c1c2c3c4c5c6c7c9cacbcccdcecfd0d3d4d8d9dadbdcdddedfe0fff40a0c0907",
);

function mutate(input: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = [...input];
  for (let round = 1 + random.below(4); round > 0; round--) {
    const at = random.below(bytes.length + 1);
    const value = random.below(2) === 0 ? random.below(256) : LOADED[random.below(LOADED.length)]!;
    switch (random.below(6)) {
      case 0:
        bytes.length = at;
        break;
      case 1:
        bytes.splice(at, 0, value);
        break;
      case 2:
        bytes.splice(at, 1 + random.below(8));
        break;
      case 3: {
        const from = random.below(bytes.length + 1);
        bytes.splice(at, 0, ...bytes.slice(from, from + random.below(40)));
        break;
      }
      default:
        if (at < bytes.length) bytes[at] = value;
    }
  }
  return Uint8Array.from(bytes);
}

/** What a decoder says of `content` with `filler` on both sides of it. */
function outcome(decode: Decoder, content: Uint8Array, filler: number): string {
  const bytes = new Uint8Array(content.length + 2 * MARGIN).fill(filler);
  bytes.set(content, MARGIN);
  try {
    const value = decode(bytes, MARGIN, MARGIN + content.length);
    return JSON.stringify(value, (_, part) => part instanceof Uint8Array ? toHex(part) : part) ?? "nothing";
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    ok(error.offset <= bytes.length);
    return `refused: ${error.message} (${error.offset})`;
  }
}

function check(name: string, decode: Decoder, content: Uint8Array): boolean {
  try {
    const first = outcome(decode, content, 0x00);
    equal(outcome(decode, content, 0xc0), first);
    ok(first.length <= OUTCOME_CHARACTERS_MAX, "too much came out");
    return !first.startsWith("refused");
  } catch (error) {
    throw new Error(`${name} of ${toHex(content)}`, { cause: error });
  }
}

/** Where the frame reader ends a message, the decoder misses nothing of what follows. */
function checkFrame(decode: Decoder, content: Uint8Array): void {
  const end = new StreamFrameReader(false, false).scan(content, content.length);
  if (end < 2 || end === content.length) return;
  equal(
    outcome(decode, content.subarray(1, end), 0),
    outcome(decode, content.subarray(1), 0),
    toHex(content),
  );
}

const CORPUS = [...SAMPLES.map((sample) => fromHex(sample.hex)), ...leafMessages()].filter((bytes) =>
  bytes.length < 2000
);

Deno.test(`fuzz: ${CASES} mutated samples, seed ${SEED}: every decoder answers or throws a WireError`, () => {
  const random = new SeededRandom(SEED, "wire fuzz");
  let accepted = 0;
  let refused = 0;
  const count = (isAccepted: boolean) => isAccepted ? accepted++ : refused++;
  for (let i = 0; i < CASES; i++) {
    const content = mutate(CORPUS[random.below(CORPUS.length)]!, random);
    for (const [name, decode] of WRAPPER_DECODERS) count(check(name, decode, content));
    const type = content[0] ?? 0;
    const body = content.subarray(1);
    const decode = MEMBERLIST_DECODERS.get(type);
    if (decode !== undefined) {
      count(check(`memberlist message ${type}`, decode, body));
      checkFrame(decode, content);
    }
    if (type === MessageType.user) {
      const serf = SERF_DECODERS.get(content[1] ?? 255);
      if (serf !== undefined) count(check(`Serf message ${content[1]}`, serf, content.subarray(2)));
    }
    // Every struct decoder also gets a body that was meant for another one.
    const decoders = [...MEMBERLIST_DECODERS, ...SERF_DECODERS];
    const [otherType, other] = decoders[random.below(decoders.length)]!;
    count(check(`message ${otherType}`, other, body));
  }
  // Both ways must have been gone often, or the mutations are too wild or too tame.
  ok(accepted > CASES && refused > CASES, `${accepted} accepted, ${refused} refused`);
});
