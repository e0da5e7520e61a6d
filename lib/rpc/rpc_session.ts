/**
 * One connection of the RPC server.
 *
 * ```
 *         handshake, no key is set
 *    +-------------------------------------+
 *    |                                     v
 *   new --handshake--> unauthenticated --auth--> ready --leave---+
 *    |                        |                    |             |
 *    | any other command,     | bytes that are     | the same,   |
 *    | or no request at all   | no request         | or an       |
 *    |                        |                    | unknown     |
 *    v                        v                    v command     v
 *   closing: what is queued is sent first --------------------> closed
 *
 *   any state: end of stream, or the server closes --> closed
 * ```
 * Inputs: bytes read; the agent's answers to asynchronous requests ({@linkcode RpcSession.resume}).
 * Outputs: replies in the order of the requests, through the {@linkcode Outbox}.
 *
 * Requests are handled strictly one after another, the synchronous ones right in the read loop: no promise, no timer,
 * and one write for the replies to all that came in one chunk. While the client does not fetch its replies no request is
 * handled and none is read.
 *
 * A request's body is read even when its command is refused for want of authentication. HashiCorp's agents leave it in
 * the stream, take it for a header, and answer twice.
 */
import { settledWithin } from "../agent/patience.ts";
import { WireError } from "../base/errors.ts";
import { errorText } from "../base/error_text.ts";
import type { StreamConnection } from "../platform/platform.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { BudgetedClient, ClientAccount } from "./client_budget.ts";
import type { EventStream } from "./event_stream.ts";
import { FrameDecoder } from "./frame_decoder.ts";
import type { LogStream } from "./log_stream.ts";
import { decodeRequestHeader, encodeResponseHeader, type RequestHeader, type Seq } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { PendingQueries } from "./pending_queries.ts";
import type { QueryStream } from "./query_stream.ts";
import type { RpcContext } from "./rpc_context.ts";
import { RpcErrorText } from "./rpc_error.ts";

/** The longest header, and the longest body. HashiCorp's agents have no limit. */
export const REQUEST_BYTES_MAX = 1 << 20;
/** The same before the client has the right to ask for anything. */
export const EARLY_REQUEST_BYTES_MAX = 1 << 16;
/** How long a client may take to fetch what it was sent last. */
const LINGER_MS = 2_000;

type SessionState = "new" | "unauthenticated" | "ready" | "closing" | "closed";
/** What the next value of the stream is. */
type Expected = "header" | "body" | "unwanted body";

/**
 * Answers a request, at once or when the promise settles; requests of the same connection wait until then.
 * @throws {WireError} when the body is malformed; nothing was done then.
 */
export type Handler = (session: RpcSession, seq: Seq, body: MsgpackReader) => void | Promise<void>;

/** One command of the protocol. */
export interface Command {
  readonly hasBody: boolean;
  readonly handle: Handler;
}

/** One client. */
export class RpcSession implements BudgetedClient {
  /** By the number of their request. bounded: by the handler of `stream`. */
  readonly streams = new Map<Seq, EventStream>();
  monitor: LogStream | undefined;
  /** Those that run. bounded: by the handler of `query`. */
  readonly queries = new Set<QueryStream>();
  /** What its streams told of, to be answered. */
  readonly pendingQueries: PendingQueries;
  readonly outbox: Outbox;

  readonly #commands: ReadonlyMap<string, Command>;
  readonly #connection: StreamConnection;
  readonly #decoder = new FrameDecoder();
  readonly #header: RequestHeader = { command: "", seq: 0 };
  readonly #account: ClientAccount;
  readonly #handleRequests = () => this.#handleWhatIsHere();
  #state: SessionState = "new";
  #expected: Expected = "header";
  /** Whose body is expected. */
  #command: Command | undefined;
  /** The asynchronous request that is being handled. */
  #pending: Promise<void> | undefined;
  /** Whether the read loop waits for the outbox. */
  #isStalled = false;
  #receivedBytes = 0;

  /** @param commands by their name on the wire. */
  constructor(
    readonly context: RpcContext,
    commands: ReadonlyMap<string, Command>,
    connection: StreamConnection,
  ) {
    this.#commands = commands;
    this.#connection = connection;
    this.#account = context.budget.open(this);
    this.pendingQueries = new PendingQueries(context.clock);
    this.outbox = new Outbox(connection, context, () => {
      if (this.#isStalled) this.outbox.compose(this.#handleRequests);
    }, () => this.#account.update());
  }

  get heldBytes(): number {
    return this.outbox.heldBytes + this.#decoder.ownBytes;
  }

  get movedBytes(): number {
    return this.#receivedBytes + this.outbox.fetchedBytes;
  }

  drop(): void {
    if (this.#state === "closed") return;
    this.context.counters.clientsDropped++;
    this.context.log.clientDropped(this.#connection.remote, this.heldBytes);
    this.close();
  }

  /** The client's endpoint. */
  get remote(): string {
    return this.#connection.remote;
  }

  /** Whether the client is there, and may not ask for anything yet. */
  get isStranger(): boolean {
    return this.#state === "new" || this.#state === "unauthenticated";
  }

  /** Whether the handshake is over. */
  get hasShakenHands(): boolean {
    return this.#state !== "new";
  }

  /** Serves the client until either side ends the connection. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#serve();
      if (this.#state === "closing") await this.sent();
    } catch (error) {
      this.context.log.badRequest(errorText(error));
    } finally {
      this.close();
    }
  }

  /** Ends the connection, its streams and its monitor at once. Idempotent. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.stopMonitor();
    for (const stream of this.streams.values()) this.context.events.remove(stream);
    this.streams.clear();
    for (const query of this.queries) query.stop();
    this.queries.clear();
    this.pendingQueries.clear();
    this.outbox.close();
    this.#connection.close();
    this.#account.close();
  }

  /** More bytes from the client. @param chunk borrowed for the call, and while what is in it has to wait. */
  onBytes(chunk: Uint8Array): void {
    this.#receivedBytes += chunk.length;
    this.#decoder.push(chunk);
    this.outbox.compose(this.#handleRequests);
  }

  /** The client speaks our version. */
  onHandshake(): void {
    this.#state = this.context.authKey === "" ? "ready" : "unauthenticated";
  }

  /** The client knows the key. */
  onAuthenticated(): void {
    this.#state = "ready";
  }

  /** Ends the monitor, if there is one. */
  stopMonitor(): void {
    this.monitor?.stop();
    this.monitor = undefined;
  }

  /**
   * Begins the reply to a request. Only for the synchronous part of a handler, and within {@linkcode resume}.
   * @returns where the body goes.
   */
  reply(seq: Seq, error: string): MsgpackWriter {
    const { replies } = this.context;
    encodeResponseHeader(replies, seq, error);
    return replies;
  }

  /** Runs the part of an asynchronous handler that replies; not when the client is gone. */
  resume(encodeReply: () => void): void {
    if (this.#isOpen) this.outbox.compose(encodeReply);
  }

  /** Resolves when all that was handed to the connection is sent, or the client takes too long to fetch it. */
  async sent(): Promise<void> {
    await settledWithin(this.context.clock, this.#connection.drained(), LINGER_MS);
  }

  get #isOpen(): boolean {
    return this.#state !== "closing" && this.#state !== "closed";
  }

  async #serve(): Promise<void> {
    while (this.#isOpen) {
      const chunk = await this.#connection.read();
      if (chunk === null) return this.#onEndOfStream();
      this.onBytes(chunk);
      while (this.#isOpen && (this.#pending !== undefined || this.outbox.isFull)) {
        await this.#becomesFree();
        this.outbox.compose(this.#handleRequests);
      }
      this.#decoder.retain();
      this.#account.update();
    }
  }

  /** Waits for the agent's answer, or for the client to read. */
  async #becomesFree(): Promise<void> {
    if (this.#pending === undefined) {
      this.#isStalled = true;
      await this.outbox.drained;
      this.#isStalled = false;
      return;
    }
    try {
      await this.#pending;
    } catch (error) {
      this.#failRequest(error);
    }
    this.#pending = undefined;
  }

  #handleWhatIsHere(): void {
    while (this.#isOpen && this.#pending === undefined && !this.outbox.isFull) {
      const bytesMax = this.#state === "ready" ? REQUEST_BYTES_MAX : EARLY_REQUEST_BYTES_MAX;
      const replied = this.context.replies.length;
      try {
        if (!this.#decoder.next(bytesMax)) return;
        this.#onValue();
      } catch (error) {
        this.context.replies.truncate(replied); // no half reply
        if (this.#expected === "header") this.#failHeader(error);
        else this.#failRequest(error);
      }
      this.outbox.onReplyComposed();
    }
  }

  #onValue(): void {
    const reader = this.context.reader.reset(this.#decoder.bytes, this.#decoder.start, this.#decoder.end);
    if (this.#expected === "header") {
      decodeRequestHeader(reader, this.#header);
      this.#onHeader();
    } else if (this.#expected === "body") this.#handle(this.#command!);
    else this.#expected = "header";
  }

  #onHeader(): void {
    const { command: name, seq } = this.#header;
    this.context.counters.commands++;
    this.context.commands.record(1);
    const command = this.#commands.get(name);
    if (this.#state === "new" && name !== "handshake") {
      this.#refuse(seq, RpcErrorText.handshakeRequired, RpcErrorText.handshakeRequired);
    } else if (this.#state === "unauthenticated" && name !== "handshake" && name !== "auth") {
      this.context.log.beforeAuth();
      this.reply(seq, RpcErrorText.authRequired);
      if (command?.hasBody) this.#expected = "unwanted body";
    } else if (command === undefined) {
      this.#refuse(seq, RpcErrorText.unsupportedCommand, `command '${name}' not recognized`);
    } else {
      this.#expected = "body";
      this.#command = command;
      if (!command.hasBody) this.#handle(command);
    }
  }

  #handle(command: Command): void {
    const pending = command.handle(this, this.#header.seq, this.context.reader);
    if (pending !== undefined) this.#pending = pending;
    this.#expected = "header";
  }

  /** Replies, and ends the connection when the reply is sent. */
  #refuse(seq: Seq, error: string, logged: string): void {
    this.reply(seq, error);
    this.context.log.badRequest(logged);
    this.#state = "closing";
  }

  #failHeader(error: unknown): void {
    this.context.counters.malformed++;
    this.context.log.badHeader(errorText(error));
    this.#state = "closing";
  }

  #failRequest(error: unknown): void {
    if (!this.#isOpen) return;
    this.context.counters.malformed++;
    const cause = errorText(error);
    this.context.log.badRequest(error instanceof WireError ? `decode failed: ${cause}` : cause);
    this.#state = "closing";
  }

  #onEndOfStream(): void {
    const isCutShort = this.#decoder.unreadBytes > 0;
    if (this.#state === "closed" || (this.#expected === "header" && !isCutShort)) return;
    const cause = new WireError(isCutShort ? "unexpected EOF" : "EOF");
    if (this.#expected === "header") this.#failHeader(cause);
    else this.#failRequest(cause);
  }
}
