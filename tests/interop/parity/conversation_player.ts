/** Plays one conversation over RPC with a running agent, and writes down what the agent says, record by record. */
import { decode, encode } from "@msgpack/msgpack";
import { FrameDecoder } from "../../../lib/rpc/frame_decoder.ts";

/** One thing that a client does. */
export type Step =
  /** A request with the next sequence number, 1 for the first; waits for its answer or the connection's end. */
  | readonly [command: string, body?: unknown]
  /** Bytes as they are. */
  | { readonly bytes: Uint8Array }
  /** Waits until what was said so far has this text, in the notation of the records, so many times. */
  | { readonly until: string; readonly times?: number };

/** A client's whole part. */
export interface Conversation {
  readonly name: string;
  /** Whom it talks to. */
  readonly agent: "open" | "locked" | "keyed";
  readonly steps: readonly Step[];
  /** Of log lines, only those that match are of interest. */
  readonly logLines?: RegExp;
}

/**
 * What an agent said: one text per header with what follows it, by sequence number; `(closed)` if it hung up,
 * `(silence)` if it did not say what was waited for.
 */
export type Transcript = readonly string[];

/** An ack or an answer of a query. */
const REPLY = /"Type":"(?:ack|response)"\}$/;
const LIMIT_MS = 6_000;
/** Nothing more is expected when the agent was silent for so long. */
const QUIET_MS = 80;
/** An answer holds no more. */
const VALUE_BYTES_MAX = 1 << 20;

/** @param address `host:port`. */
export async function play(address: string, conversation: Conversation): Promise<Transcript> {
  const [hostname, port] = address.split(":");
  const line = new Line(await Deno.connect({ hostname: hostname!, port: Number(port) }));
  let seq = 0, isHeard = true;
  for (const step of conversation.steps) {
    if (!isHeard) break;
    if ("bytes" in step) await line.send(step.bytes);
    else if ("until" in step) isHeard = await line.until(step.until, step.times ?? 1);
    else {
      const [command, body] = step;
      const number = ++seq;
      await line.send(encode({ Command: command, Seq: number }));
      if (body !== undefined) await line.send(encode(body));
      isHeard = await line.until(`"Seq":${number}}`, 1);
    }
  }
  const transcript = await line.finish(conversation.logLines);
  return isHeard ? transcript : [...transcript, "(silence)"];
}

/** A connection, and all that came over it. */
class Line {
  readonly #connection: Deno.TcpConn;
  readonly #decoder = new FrameDecoder();
  readonly #values: string[] = [];
  readonly #reading: Promise<void>;
  #hasEnded = false;
  #onNews = () => {};

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#reading = this.#read();
  }

  /** An agent that has hung up hears nothing more. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length && !this.#hasEnded;) {
      sent += await this.#connection.write(bytes.subarray(sent)).catch(() => bytes.length);
    }
  }

  /** @returns false when the agent is silent for too long. */
  async until(text: string, times: number): Promise<boolean> {
    const end = performance.now() + LIMIT_MS;
    while (!this.#hasEnded && this.#values.filter((value) => value.includes(text)).length < times) {
      if (performance.now() > end) return false;
      await this.#news(100);
    }
    return true;
  }

  /** Listens until all is said, and hangs up. */
  async finish(logLines: RegExp | undefined): Promise<Transcript> {
    for (let before = -1; before !== this.#values.length && !this.#hasEnded;) {
      before = this.#values.length;
      await this.#news(QUIET_MS);
    }
    const hungUp = this.#hasEnded;
    this.#connection.close();
    await this.#reading;
    return [...inOrder(recordsOf(this.#values), logLines), ...(hungUp ? ["(closed)"] : [])];
  }

  #news(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onNews = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (;;) {
      const length = await this.#connection.read(buffer).catch(() => null);
      if (length === null) break;
      this.#decoder.push(buffer.slice(0, length));
      while (this.#decoder.next(VALUE_BYTES_MAX)) {
        const { bytes, start, end } = this.#decoder;
        this.#values.push(text(decode(bytes.subarray(start, end), { useBigInt64: true })));
      }
      this.#onNews();
    }
    this.#hasEnded = true;
    this.#onNews();
  }
}

/** A value in a notation that tells bytes from text; maps in the order of their keys, as Go's order is random. */
function text(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes(${Array.from(value, hex).join("")})`;
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${text(each)}`).join(",")}}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Puts each header together with the body that follows it, if one does. */
function recordsOf(values: readonly string[]): string[] {
  const records: string[] = [];
  for (const value of values) {
    if (value.startsWith('{"Error":') || records.length === 0) records.push(value);
    else records[records.length - 1] += ` ${value}`;
  }
  return records;
}

/**
 * Records of one sequence number keep their order; between two numbers it is a matter of luck. So it is between the acks
 * and the answers of a query: HashiCorp's agent takes them from two channels, whichever Go picks first.
 */
function inOrder(records: readonly string[], logLines: RegExp | undefined): string[] {
  const seqOf = (record: string) => Number(/"Seq":(\d+)\}/.exec(record)?.[1]);
  const sorted = records.filter((record) =>
    logLines === undefined || !record.includes('{"Log":') || logLines.test(record)
  )
    .toSorted((a, b) => seqOf(a) - seqOf(b));
  return runsOf(sorted, (record) => REPLY.test(record) ? seqOf(record) : undefined).flatMap((run) =>
    run.toSorted()
  );
}

/** Neighbours with the same key stay together; what has none stands alone. */
function runsOf(records: readonly string[], keyOf: (record: string) => number | undefined): string[][] {
  const runs: string[][] = [];
  let last: number | undefined;
  for (const record of records) {
    const key = keyOf(record);
    if (key !== undefined && key === last) runs.at(-1)!.push(record);
    else runs.push([record]);
    last = key;
  }
  return runs;
}
