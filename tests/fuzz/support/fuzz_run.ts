/**
 * Runs targets, batch by batch. A batch is a pure function of (target, seed, number), so a failure names the command that
 * replays it, and batches can be spread over threads.
 *
 * Of every case it is checked that
 * - nothing but the target's declared errors is thrown;
 * - what lies around the input has no influence, no view of it comes out, and the input is not written to;
 * - what comes out, and what is put into arrays meanwhile, is bounded by the length of what went in;
 * - what can be encoded comes back as it was, and encodes to the same bytes again, or in longer formats to the same value.
 * Of every batch, that it did not take seconds of processor time: no input of 64 KiB may.
 */
import fc from "fast-check";
import { hashText, SeededRandom } from "../../../lib/base/seeded_random.ts";
import { toHex } from "../../golden/sample.ts";
import { takeRequestedBytes } from "./allocation_meter.ts";
import { Digest } from "./digest.ts";
import { Mutator } from "./mutator.ts";
import { type ErrorClass, type Subject, type Target, weightMaxOf } from "./target.ts";
import { threadCpuMs } from "./thread_cpu.ts";
import { widened } from "./widen.ts";

/** Cases of one batch. */
export const BATCH_CASES = 250;
/** Of these, how many are generated structures instead of mutated bytes. */
const GENERATED_CASES = 25;
/** What a batch may cost: a hundred times of what the slowest target takes. */
const BATCH_CPU_MS_MAX = 20_000;
/** What a target may use of memory besides some copies of what comes out. */
const SCRATCH_BYTES_MAX = 1 << 20;
/** On either side of the input. */
const MARGIN = 32;
/**
 * What is around the input the first and the second time. As MessagePack: a small integer, and the head of a text. Two
 * values that could be read for the same (as 0 and nil) would hide a read.
 */
const POISONS = [0x05, 0xa3] as const;

/** What became of a batch. */
export interface BatchResult {
  readonly cases: number;
  /** Cases that the target refused. */
  readonly refused: number;
  /** What it took on this thread, or undefined where that is not known. */
  readonly cpuMs: number | undefined;
}

/** A case that broke a rule; `message` says which one, and how to see it again. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
}

/** Runs batch number `index` of a target. @throws {FuzzFailure} */
export async function runBatch(target: Target, seed: number, index: number): Promise<BatchResult> {
  const stream = `${target.name}/${index}`;
  const random = new SeededRandom(seed, stream);
  const mutator = new Mutator(random, target.words, target.msgpackAt);
  const subject = target.begin();
  const values = generatedValues(target, hashText(`${seed}/${stream}`));
  const corpus = [...target.seeds];
  const startMs = threadCpuMs();
  let refused = 0;
  for (let i = 0; i < BATCH_CASES; i++) {
    const value = values[i];
    const pick = () => corpus[random.below(corpus.length)]!;
    // The first batch begins with the golden bytes as they are.
    const golden = index === 0 ? target.seeds[i - values.length] : undefined;
    const input = value !== undefined ? subject.encode!(value)! : golden ?? mutator.mutate(pick(), pick());
    if (value !== undefined) corpus.push(input);
    try {
      const outcome = await checkCase(target, subject, input);
      if (outcome === undefined) refused++;
      if (value !== undefined && new Digest(value).hash !== outcome) {
        throw new Error("a generated value does not come back as it was");
      }
      if (value !== undefined && target.isWidenable === true && outcome !== undefined) {
        await checkWidened(target, subject, input, outcome, i);
      }
    } catch (error) {
      throw failure(target, seed, index, input, error);
    }
  }
  try {
    await subject.finish?.();
  } catch (error) {
    throw failure(target, seed, index, undefined, error);
  }
  const endMs = threadCpuMs();
  const cpuMs = startMs === undefined || endMs === undefined ? undefined : endMs - startMs;
  if (cpuMs !== undefined && cpuMs > BATCH_CPU_MS_MAX) {
    throw failure(target, seed, index, undefined, new Error(`it took ${cpuMs} ms of processor time`));
  }
  return { cases: BATCH_CASES, refused, cpuMs };
}

/** @param hash of what came out of the short formats. @throws {Error} when something else comes out of longer ones. */
async function checkWidened(
  target: Target,
  subject: Subject,
  input: Uint8Array,
  hash: number,
  choice: number,
): Promise<void> {
  const wide = widened(input, target.msgpackAt!, choice);
  const { isRefusal, hash: wideHash } = await judge(target, subject, wide, POISONS[0]);
  if (isRefusal || wideHash !== hash) throw new Error(`longer formats are read otherwise: ${toHex(wide)}`);
}

function generatedValues(target: Target, seed: number): readonly unknown[] {
  if (target.generated === undefined) return [];
  return fc.sample(target.generated, { seed, numRuns: GENERATED_CASES });
}

/**
 * Puts one input before the subject. @returns the hash of what came out, or undefined when it was refused.
 * @throws {Error} when a rule is broken.
 */
async function checkCase(target: Target, subject: Subject, input: Uint8Array): Promise<number | undefined> {
  const first = await judge(target, subject, input, POISONS[0]);
  if (target.isStateful === true) return first.isRefusal ? undefined : first.hash;
  const second = await judge(target, subject, input, POISONS[1]);
  if (first.hash !== second.hash || first.isRefusal !== second.isRefusal) {
    throw new Error("what lies around the input has an influence");
  }
  if (first.isRefusal) return undefined;
  const encoded = subject.encode?.(first.value);
  if (encoded !== undefined) await checkRoundTrip(target, subject, encoded, first.hash);
  return first.hash;
}

/** What came of one decoding. */
interface Verdict {
  readonly isRefusal: boolean;
  readonly value: unknown;
  readonly hash: number;
}

async function judge(target: Target, subject: Subject, input: Uint8Array, poison: number): Promise<Verdict> {
  const start = MARGIN, end = MARGIN + input.length;
  const bytes = new Uint8Array(input.length + 2 * MARGIN).fill(poison);
  bytes.set(input, start);
  let value: unknown;
  let isRefusal = false;
  takeRequestedBytes();
  try {
    value = subject.decode(bytes, start, end);
    if (value instanceof Promise) value = await value;
  } catch (error) {
    if (!isDeclared(error, target.refusals)) throw error;
    isRefusal = true;
    value = (error as Error).message;
  }
  const requested = takeRequestedBytes();
  const digest = new Digest(value, bytes, start, end);
  const weightMax = (target.weightMax ?? weightMaxOf)(input.length);
  if (requested > SCRATCH_BYTES_MAX + 4 * weightMax) {
    throw new Error(`arrays of ${requested} bytes were made`);
  }
  if (digest.weight > weightMax) {
    throw new Error(`${digest.weight} came out, which is more than ${weightMax}`);
  }
  if (!isUntouched(bytes, input, poison)) throw new Error("the input was written to");
  return { isRefusal, value, hash: digest.hash };
}

/** Whether it, and whatever caused it, is declared. A plain Error stands for itself alone, not for those that extend it. */
function isDeclared(error: unknown, refusals: readonly ErrorClass[]): boolean {
  if (!(error instanceof Error)) return false;
  const fits = refusals.some((kind) => kind === Error ? error.constructor === Error : error instanceof kind);
  return fits && (error.cause === undefined || isDeclared(error.cause, refusals));
}

function isUntouched(bytes: Uint8Array, input: Uint8Array, poison: number): boolean {
  for (let i = 0; i < MARGIN; i++) {
    if (bytes[i] !== poison || bytes[bytes.length - 1 - i] !== poison) return false;
  }
  for (let i = 0; i < input.length; i++) if (bytes[MARGIN + i] !== input[i]) return false;
  return true;
}

async function checkRoundTrip(
  target: Target,
  subject: Subject,
  encoded: Uint8Array,
  hash: number,
): Promise<void> {
  const again = await judge(target, subject, encoded, POISONS[0]);
  if (again.isRefusal) throw new Error(`what was encoded is refused: ${toHex(encoded)}: ${again.value}`);
  if (again.hash !== hash) throw new Error(`what was encoded decodes to something else: ${toHex(encoded)}`);
  const twice = subject.encode!(again.value)!;
  const isStable = encoded.length === twice.length && encoded.every((byte, i) => byte === twice[i]);
  if (!isStable) throw new Error(`encoding is not stable: ${toHex(encoded)}, then ${toHex(twice)}`);
}

function failure(
  target: Target,
  seed: number,
  index: number,
  input: Uint8Array | undefined,
  cause: unknown,
): FuzzFailure {
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const bytes = input === undefined ? "" : `\ninput: ${toHex(input)}`;
  return new FuzzFailure(
    `${target.name}: ${what}${bytes}\n` +
      `replay: deno run -A scripts/fuzz.ts --target "${target.name}" --seed ${seed} --batch ${index}`,
    { cause },
  );
}
