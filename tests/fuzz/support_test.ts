/** The fuzzer finds what it is there to find: decoders that are wrong in one way each. */
import { equal, match, ok, rejects } from "../support/assert.ts";
import fc from "fast-check";
import { WireError } from "../../lib/base/errors.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { BATCH_CASES, FuzzFailure, runBatch } from "./support/fuzz_run.ts";
import { INPUT_BYTES_MAX, Mutator } from "./support/mutator.ts";
import type { Subject, Target } from "./support/target.ts";
import { widened } from "./support/widen.ts";

type Decode = Subject["decode"];

/** A format of one length byte and so many bytes. */
function target(decode: Decode, encode?: Subject["encode"], others: Partial<Target> = {}): Target {
  return {
    name: "test",
    seeds: [Uint8Array.of(3, 1, 2, 3), Uint8Array.of(0), Uint8Array.of(5, 0x93, 1, 0xa1, 0x61, 0xc0)],
    words: [Uint8Array.of(0xff)],
    msgpackAt: 1,
    refusals: [WireError],
    begin: () => ({ decode, ...(encode !== undefined && { encode }) }),
    ...others,
  };
}

const right: Decode = (bytes, start, end) => {
  if (start >= end) throw new WireError("nothing", start);
  const to = start + 1 + bytes[start]!;
  if (to > end) throw new WireError("cut off", start);
  return bytes.subarray(start + 1, to);
};
const prefixed = (value: unknown) => {
  const content = value as Uint8Array;
  return Uint8Array.of(content.length, ...content);
};

/** What a batch says of a target that has a fault. */
async function complaint(wrong: Target): Promise<string> {
  let text = "";
  for (let batch = 0; batch < 8 && text === ""; batch++) {
    await runBatch(wrong, 1, batch).catch((error) => text = (error as Error).message);
  }
  return text;
}

Deno.test("runBatch() has nothing to say of a decoder that is right, and gives the same for the same seed", async () => {
  const good = target(right, prefixed, { generated: fc.uint8Array({ maxLength: 200 }) });
  const first = await runBatch(good, 1, 0);
  equal(first.cases, BATCH_CASES);
  ok(first.refused > 10 && first.refused < BATCH_CASES - 10, `${first.refused} were refused`);
  equal((await runBatch(good, 1, 0)).refused, first.refused);
});

const FAULTS: readonly (readonly [what: string, wrong: Target, expected: RegExp])[] = [
  [
    "a view that leaves the input",
    target((bytes, start) => bytes.subarray(start + 1, start + 1 + bytes[start]! % 64)),
    /a view of bytes [0-9]+ to [0-9]+ leaves the input/,
  ],
  [
    "a byte that is read behind the end",
    target((bytes, start, end) => start === end ? 0 : bytes[start + 1]! & 0x0f),
    /what lies around the input has an influence/,
  ],
  [
    "a byte that is read before the start",
    target((bytes, start) => bytes[start - 1] === 5),
    /what lies around the input has an influence/,
  ],
  [
    "an error that is not declared",
    target((bytes, start, end) =>
      JSON.parse(String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 4))))
    ),
    /SyntaxError/,
  ],
  [
    "an error whose cause is not declared",
    target(() => {
      const error = new WireError("malformed");
      error.cause = new TypeError("x is undefined");
      throw error;
    }),
    /WireError: malformed/,
  ],
  [
    "an output that is much longer than the input",
    target((bytes, start, end) => start === end ? 0 : new Uint8Array(bytes[start]! * 1000)),
    /came out, which is more than/,
  ],
  [
    "an array that is made for a length that lies",
    target((bytes, start, end) => {
      if (start < end) new Uint8Array(bytes[start]! * 100_000);
      return 0;
    }),
    /arrays of [0-9]+ bytes were made/,
  ],
  [
    "an input that is written to",
    target((bytes, start, end) => start < end ? bytes[start] = 0 : 0),
    /the input was written to/,
  ],
  [
    "an encoder that forgets",
    target(right, (value) => prefixed((value as Uint8Array).subarray(0, 2))),
    /decodes to something else/,
  ],
  [
    "an encoder whose bytes are refused",
    target(right, () => Uint8Array.of(9)),
    /what was encoded is refused/,
  ],
  [
    "an encoder that writes the same in two ways",
    (() => {
      let count = 0;
      return target(right, (value) => Uint8Array.of(...prefixed(value), count++));
    })(),
    /encoding is not stable/,
  ],
  [
    "a generated value that comes back as another one",
    target(right, (value) => prefixed((value as Uint8Array).map((byte) => byte & 0x7f)), {
      generated: fc.uint8Array({ minLength: 20, maxLength: 40 }),
    }),
    /a generated value does not come back|decodes to something else/,
  ],
];

Deno.test("runBatch() finds a value that is read otherwise in longer formats", async () => {
  const decodeSmall: Decode = (bytes, start, end) => {
    if (end - start !== 2 || bytes[start + 1]! > 0x7f) throw new WireError("no small integer", start);
    return bytes[start + 1];
  };
  const encodeSmall = (value: unknown) => Uint8Array.of(9, value as number);
  const narrow = target(decodeSmall, encodeSmall, { generated: fc.nat(127), isWidenable: true });
  match(await complaint(narrow), /longer formats are read otherwise: 09c[c-f]/);
});

Deno.test("widened() rewrites heads, and leaves what follows the value", () => {
  const short = Uint8Array.of(7, 0x81, 0xa1, 0x61, 0x91, 5, 0xc0);
  const hex = (choice: number) => [...widened(short, 1, choice)].map((byte) => byte.toString(16)).join(" ");
  equal(hex(0), "7 de 0 1 d9 1 61 dc 0 1 cc 5 c0");
  equal(hex(1), "7 df 0 0 0 1 da 0 1 61 dd 0 0 0 1 cd 0 5 c0");
});

for (const [what, wrong, expected] of FAULTS) {
  Deno.test(`runBatch() finds ${what}`, async () => match(await complaint(wrong), expected));
}

Deno.test("runBatch() finds what is wrong with a state, and says how to see it again", async () => {
  const wrong = target(() => 0, undefined, {
    isStateful: true,
    begin: () => ({
      decode: () => 0,
      finish() {
        throw new Error("it is full");
      },
    }),
  });
  await rejects(runBatch(wrong, 7, 3), (error) => {
    ok(error instanceof FuzzFailure);
    match(error.message, /it is full[^]*--target "test" --seed 7 --batch 3$/);
    return true;
  });
});

Deno.test("Mutator makes inputs of all sizes up to its bound, seldom twice the same", () => {
  const mutator = new Mutator(new SeededRandom(1), [Uint8Array.of(1, 2, 3)], 0);
  const seed = Uint8Array.of(0x93, 1, 0xa1, 0x61, 0xc0), other = new Uint8Array(60_000).fill(7);
  const seen = new Set<string>();
  const lengths: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const input = mutator.mutate(seed, other);
    lengths.push(input.length);
    seen.add(input.subarray(0, 200).join());
  }
  ok(Math.max(...lengths) > 10_000 && Math.max(...lengths) <= INPUT_BYTES_MAX);
  ok(lengths.includes(0));
  ok(seen.size > 2500, `${seen.size} different ones`);
});
