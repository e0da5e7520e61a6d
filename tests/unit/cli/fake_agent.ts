/** An agent's RPC server as far as the commands need one, with answers of the test's choosing. */
import { decodeMulti, encode } from "@msgpack/msgpack";
import type { StreamConnection } from "../../../lib/platform/platform.ts";
import { FakePlatform } from "./fake_platform.ts";

/** One request that arrived. */
export interface Request {
  readonly command: string;
  readonly body: Record<string, unknown> | undefined;
}

/** How to answer: with an error, a body, or both; then perhaps records, and perhaps an end of the connection. */
export interface Answer {
  readonly error?: string;
  readonly body?: unknown;
  /** Bodies of records that follow under the request's number. */
  readonly records?: readonly unknown[];
  readonly close?: boolean;
}

const BODILESS_REQUESTS = ["members", "leave", "stats", "list-keys"];

/** Listens on a {@linkcode FakePlatform}; `handshake` and `auth` succeed unless the test answers them. */
export class FakeAgent {
  /** All requests, in order, of all connections. */
  readonly requests: Request[] = [];
  readonly fake = new FakePlatform();
  /** How many connections the client closed. */
  closed = 0;
  #last: FakeConnection | undefined;

  /** @param answer undefined means plain success. */
  constructor(answer: (request: Request) => Answer | undefined = () => undefined) {
    this.fake.listener = () => {
      this.#last = new FakeConnection((request) => {
        this.requests.push(request);
        return answer(request) ?? {};
      }, () => this.closed++);
      return this.#last;
    };
  }

  /** The commands that arrived, without the handshake. */
  get commands(): string[] {
    return this.requests.map((request) => request.command).filter((command) => command !== "handshake");
  }

  /** The body of the request for `command`. */
  bodyOf(command: string): Record<string, unknown> | undefined {
    return this.requests.find((request) => request.command === command)?.body;
  }

  /** Ends the connection from the agent's side. */
  hangUp(): void {
    this.#last!.end();
  }
}

class FakeConnection implements StreamConnection {
  readonly remote = "127.0.0.1:7373";
  readonly queuedBytes = 0;
  readonly #answer: (request: Request) => Answer;
  readonly #onClose: () => void;
  readonly #chunks: Uint8Array[] = [];
  #received = new Uint8Array(0);
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(answer: (request: Request) => Answer, onClose: () => void) {
    this.#answer = answer;
    this.#onClose = onClose;
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#chunks.shift() ?? null;
  }

  write(bytes: Uint8Array): number {
    this.#received = Uint8Array.from([...this.#received, ...bytes]);
    const values = wholeValues(this.#received);
    if (values === undefined) return 0;
    for (let i = 0; i < values.length;) {
      const header = values[i++] as { Command: string; Seq: number };
      const hasBody = !BODILESS_REQUESTS.includes(header.Command);
      if (hasBody && i === values.length) return 0;
      const body = hasBody ? values[i++] as Record<string, unknown> : undefined;
      this.#reply(header.Seq, this.#answer({ command: header.Command, body }));
    }
    this.#received = new Uint8Array(0);
    return 0;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  released(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#onClose();
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #reply(seq: number, answer: Answer): void {
    const values: unknown[] = [{ Error: answer.error ?? "", Seq: seq }];
    if (answer.body !== undefined) values.push(answer.body);
    for (const record of answer.records ?? []) values.push({ Error: "", Seq: seq }, record);
    if (answer.close === true && values.length === 1) values.length = 0;
    if (values.length > 0) this.#chunks.push(concat(values.map((value) => encode(value))));
    if (answer.close === true) this.#ended = true;
    this.#wake?.();
  }
}

/** All values, or undefined when the last one is not complete. */
function wholeValues(bytes: Uint8Array): unknown[] | undefined {
  try {
    return [...decodeMulti(bytes)];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
