/**
 * The client's side of the RPC protocol, for the command line. Small, because every command loads it.
 *
 * Requests are sent at once and may overlap; the agent answers them in order. The greeting alone has a timeout: other
 * answers take as long as the cluster needs.
 */
import { WireError } from "../base/errors.ts";
import { parsePort, splitHostPort } from "../base/host_port.ts";
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import type { Platform, StreamConnection } from "../platform/platform.ts";
import { MsgpackReader } from "../wire/msgpack_reader.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { FrameDecoder } from "./frame_decoder.ts";
import * as keys from "./key_messages.ts";
import type { KeyReply } from "./key_messages.ts";
import * as messages from "./messages.ts";
import type { ResponseHeader, Seq } from "./messages.ts";
import * as queries from "./query_messages.ts";
import type { EventRequest, QueryRecord, QueryRequest } from "./query_messages.ts";
import * as replies from "./replies.ts";
import type { RpcMember } from "./replies.ts";
import { isBodiless, RpcError } from "./rpc_error.ts";
import { decodeValueMap, type RpcValue } from "./rpc_value.ts";

/** How long connecting may take, and again the greeting: what listens may be stuck, or no agent. */
const CONNECT_TIMEOUT_MS = 10_000;
/** The longest answer that is taken: the members of a cluster of three million. */
const ANSWER_BYTES_MAX = 1 << 29;

/** The fields of a stream's record by their name on the wire; `Event` is always among them. */
export type EventRecord = ReadonlyMap<string, RpcValue>;

/** What came of a request about keys; `error` is "" when all members did as they were told. */
export type KeyAnswer = KeyReply & { readonly error: string };

/** Reads a reply's body, or a record's. @param bytes what `reader` reads from. */
type Decode<T> = (reader: MsgpackReader, bytes: Uint8Array) => T;

/** A request that is not yet answered. */
interface Pending {
  /** Undefined when the command's reply has no body. */
  readonly decode: Decode<unknown> | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to an agent. */
export class RpcClient {
  readonly #connection: StreamConnection;
  readonly #decoder = new FrameDecoder();
  readonly #reader = new MsgpackReader();
  readonly #writer = new MsgpackWriter(256, "new");
  /** bounded: by the caller's own requests under way. */
  readonly #pending = new Map<Seq, Pending>();
  /** What takes a stream's records. bounded: one for each stream begun; a stopped one stays, to swallow what still comes. */
  readonly #streams = new Map<Seq, Decode<void>>();
  readonly #closed = Promise.withResolvers<void>();
  #lastSeq = 0;
  /** The number of the greeting's last request. */
  #greetingSeq: Seq = 0;
  #isClosed = false;

  /**
   * Settles with the agent's answer to the greeting; what was asked meanwhile is answered after it. Rejects with what the
   * agent says, as `Invalid authentication token`, or with `read tcp 127.0.0.1:7373: i/o timeout`; the connection is
   * closed then.
   */
  readonly accepted: Promise<void>;

  private constructor(connection: StreamConnection, authKey: string, clock: Clock) {
    this.#connection = connection;
    void this.#readAll();
    this.accepted = this.#greet(authKey, clock);
    // Who asks for something at once may never look at it: his request fails too.
    this.accepted.catch(() => this.close());
  }

  /**
   * Connects, and greets: shakes hands, and authenticates unless `authKey` is empty. Requests may follow at once.
   *
   * @param address `host:port`; the port is mandatory.
   * @throws {Error} `dial tcp 127.0.0.1:7373: connect: connection refused`, `dial tcp: address x: missing port in
   *   address`.
   */
  static async connect(
    platform: Pick<Platform, "dialStream" | "clock">,
    address: string,
    authKey: string,
  ): Promise<RpcClient> {
    const { host, port } = parseDialAddress(address);
    return new RpcClient(await platform.dialStream(host, port, CONNECT_TIMEOUT_MS), authKey, platform.clock);
  }

  /** Resolves when the connection has ended, by whichever side. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** All members, in the agent's order. */
  members(): Promise<RpcMember[]> {
    return this.#call("members", undefined, replies.decodeMembers);
  }

  /** The members that match RE2 expressions: by tag, on the status, on the name; "" for no filter of the latter two. */
  membersFiltered(tags: ReadonlyMap<string, string>, status: string, name: string): Promise<RpcMember[]> {
    const encode = (writer: MsgpackWriter) => messages.encodeMembersFilter(writer, { tags, status, name });
    return this.#call("members-filtered", encode, replies.decodeMembers);
  }

  /** @returns how many addresses were contacted. @throws {RpcError} when none could be. */
  join(addresses: readonly string[], replay: boolean): Promise<number> {
    const encode = (writer: MsgpackWriter) => messages.encodeJoin(writer, addresses, replay);
    return this.#call("join", encode, replies.decodeJoined);
  }

  /** Makes the agent leave gracefully and exit; answered when it has left. */
  leave(): Promise<void> {
    return this.#call("leave");
  }

  /** Declares a failed node left; with `prune` it is forgotten. */
  forceLeave(node: string, prune: boolean): Promise<void> {
    return this.#call("force-leave", (writer) => messages.encodeForceLeave(writer, node, prune));
  }

  /** Removes tags of the agent, then sets some. */
  setTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void> {
    return this.#call("tags", (writer) => messages.encodeTags(writer, set, remove));
  }

  /** What the agent tells about itself: sections of names and values. */
  stats(): Promise<Map<string, Map<string, string>>> {
    return this.#call("stats", undefined, replies.decodeStats);
  }

  /** @returns undefined when the agent knows none for that node. */
  coordinate(node: string): Promise<Coordinate | undefined> {
    const encode = (writer: MsgpackWriter) => messages.encodeCoordinateRequest(writer, node);
    return this.#call("get-coordinate", encode, replies.decodeCoordinateReply);
  }

  /**
   * Begins a stream of events.
   * @param filter as `-event-handler` has it, without a script; "" for all.
   * @returns its number, for {@linkcode stop}; no record comes before.
   */
  stream(filter: string, onRecord: (record: EventRecord) => void): Promise<Seq> {
    return this.#begin(
      "stream",
      (writer) => messages.encodeStream(writer, filter),
      (reader, bytes) => onRecord(decodeValueMap(reader, bytes)),
    );
  }

  /**
   * Begins to receive the agent's log, with what it remembers of it.
   * @param level the lowest level wanted, in any case.
   * @returns its number, for {@linkcode stop}; no line comes before.
   */
  monitor(level: string, onLine: (line: string) => void): Promise<Seq> {
    return this.#begin(
      "monitor",
      (writer) => messages.encodeMonitor(writer, level),
      (reader) => onLine(replies.decodeLogRecord(reader)),
    );
  }

  /** Sends a user event to all members. */
  event(event: Readonly<EventRequest>): Promise<void> {
    return this.#call("event", (writer) => queries.encodeEvent(writer, event));
  }

  /**
   * Asks all members that pass the filters.
   * @param timeoutNs 0 for the agent's default.
   * @param onRecord is told of acks and responses, and at the end once of `done`. Its payload is borrowed for the call.
   */
  async query(
    query: Omit<QueryRequest, "timeoutMs">,
    timeoutNs: bigint,
    onRecord: (record: QueryRecord) => void,
  ): Promise<void> {
    await this.#begin(
      "query",
      (writer) => queries.encodeQuery(writer, query, timeoutNs),
      (reader) => onRecord(queries.decodeQueryRecord(reader)),
    );
  }

  /** Answers a query. @param id that of its record, which came over this connection. */
  respond(id: Seq, payload: Uint8Array): Promise<void> {
    return this.#call("respond", (writer) => queries.encodeRespond(writer, id, payload));
  }

  /** Gives all members a key. @param key base64. */
  installKey(key: string): Promise<KeyAnswer> {
    return this.#askForKeys("install-key", key);
  }

  /** Makes all members encrypt with a key that they have. */
  useKey(key: string): Promise<KeyAnswer> {
    return this.#askForKeys("use-key", key);
  }

  /** Takes a key from all members. */
  removeKey(key: string): Promise<KeyAnswer> {
    return this.#askForKeys("remove-key", key);
  }

  /** Which keys there are, and how many members have each. */
  listKeys(): Promise<KeyAnswer> {
    return this.#askForKeys("list-keys");
  }

  /** Ends a stream or monitor. */
  async stop(seq: Seq): Promise<void> {
    if (this.#streams.has(seq)) this.#streams.set(seq, ignore);
    await this.#call("stop", (writer) => messages.encodeStop(writer, seq));
  }

  /** Ends the connection; what is not yet answered fails. Idempotent. */
  close(): void {
    this.#end(clientClosed());
  }

  #end(cause: RpcError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    for (const pending of this.#pending.values()) pending.reject(cause);
    this.#pending.clear();
    this.#closed.resolve();
  }

  async #greet(authKey: string, clock: Clock): Promise<void> {
    const tooLate = () => new RpcError(`read tcp ${this.#connection.remote}: i/o timeout`);
    const deadline = new Timer(() => this.#end(tooLate()));
    clock.arm(deadline, CONNECT_TIMEOUT_MS);
    const handshake = this.#call("handshake", (writer) => {
      messages.encodeHandshake(writer, messages.RPC_VERSION);
    });
    const auth = authKey === ""
      ? undefined
      : this.#call("auth", (writer) => messages.encodeAuth(writer, authKey));
    this.#greetingSeq = this.#lastSeq;
    try {
      await Promise.all([handshake, auth]);
    } finally {
      clock.disarm(deadline);
    }
  }

  #askForKeys(command: string, key?: string): Promise<KeyAnswer> {
    const encode = key === undefined ? undefined : (writer: MsgpackWriter) => keys.encodeKey(writer, key);
    let reply: KeyReply | undefined;
    const answered = this.#call(command, encode, (reader) => reply = keys.decodeKeyReply(reader));
    return answered.then(
      (success) => ({ ...success, error: "" }),
      (error: unknown) => {
        // Members failed: what they said came with the error.
        if (reply === undefined || !(error instanceof RpcError)) throw error;
        return { ...reply, error: error.message };
      },
    );
  }

  async #begin(
    command: string,
    encode: (writer: MsgpackWriter) => void,
    onRecord: Decode<void>,
  ): Promise<Seq> {
    const seq = this.#lastSeq + 1;
    // The first records may come in the same read as the answer.
    this.#streams.set(seq, onRecord);
    await this.#call(command, encode);
    return seq;
  }

  #call<T = void>(
    command: string,
    encode?: (writer: MsgpackWriter) => void,
    decode?: Decode<T>,
  ): Promise<T> {
    if (this.#isClosed) return Promise.reject(clientClosed());
    const seq = ++this.#lastSeq;
    const writer = this.#writer;
    writer.reset();
    messages.encodeRequestHeader(writer, command, seq);
    encode?.(writer);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.set(seq, { decode, resolve: resolve as (value: unknown) => void, reject });
    this.#connection.write(writer.view());
    return promise;
  }

  async #readAll(): Promise<void> {
    const header: ResponseHeader = { seq: 0, error: "" };
    try {
      // Whether the next value is the body that belongs to `header`.
      let isBody = false;
      for (let chunk = await this.#connection.read(); chunk !== null; chunk = await this.#connection.read()) {
        this.#decoder.push(chunk);
        while (!this.#isClosed && this.#decoder.next(ANSWER_BYTES_MAX)) {
          isBody = isBody ? this.#onBody(header) : this.#onHeader(header);
        }
        this.#decoder.retain();
      }
    } catch (error) {
      // What an agent sends that is no protocol is as good as no agent. Anything else is a bug of ours or the caller's.
      if (!(error instanceof WireError || error instanceof RpcError)) throw error;
    } finally {
      this.close();
    }
  }

  /** @returns whether a body follows. */
  #onHeader(header: ResponseHeader): boolean {
    messages.decodeResponseHeader(this.#body(), header);
    const pending = this.#pending.get(header.seq);
    if (pending === undefined) return true; // a record
    if (pending.decode !== undefined && !isBodiless(header.error)) return true;
    this.#settle(header, pending, undefined);
    return false;
  }

  #onBody(header: ResponseHeader): boolean {
    const pending = this.#pending.get(header.seq);
    const decode = pending?.decode ?? this.#streams.get(header.seq);
    if (decode === undefined) throw new RpcError("answer to no request");
    const value = decode(this.#body(), this.#decoder.bytes);
    if (pending !== undefined) this.#settle(header, pending, value);
    return false;
  }

  #settle(header: ResponseHeader, pending: Pending, value: unknown): void {
    this.#pending.delete(header.seq);
    if (header.error === "") pending.resolve(value);
    else {
      this.#streams.delete(header.seq);
      pending.reject(new RpcError(header.error));
      // At once: an agent without a key refuses one and goes on, and its answers may have come in the same read.
      if (header.seq <= this.#greetingSeq) this.close();
    }
  }

  #body(): MsgpackReader {
    return this.#reader.reset(this.#decoder.bytes, this.#decoder.start, this.#decoder.end);
  }
}

function ignore(): void {}

function clientClosed(): RpcError {
  return new RpcError("client closed");
}

/** @throws {RpcError} in the words of Go's dialler, which name no endpoint when there is none. */
function parseDialAddress(address: string): { host: string; port: number } {
  if (address === "") throw new RpcError("dial tcp: missing address");
  try {
    const { host, port } = splitHostPort(address);
    return { host, port: parsePort(port) };
  } catch (error) {
    throw new RpcError(`dial tcp: ${(error as Error).message}`, { cause: error });
  }
}
