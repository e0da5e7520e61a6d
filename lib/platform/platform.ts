/**
 * The record of everything that the layers above the core may ask of the world. Types only: `main.ts` builds the one
 * real record ({@link ./deno_platform.ts}) and passes it down, tests build their own.
 */
import type { Address } from "../base/address.ts";
import type { Clock, Random, Storage, Transport, TransportSink } from "../base/ports.ts";

/** Standard output and standard error. Never throws: a closed pipe ends the output, not the program. */
export interface Ui {
  /** Writes text as it is (no newline added; what stands for bytes as these, byte_text.ts). Out when it returns, until {@linkcode queueOut}. */
  out(text: string): void;
  err(text: string): void;
  /**
   * From now on {@linkcode out} waits for nobody. What a reader who stands still leaves no room for is dropped, and
   * counted in the output as soon as there is room again.
   */
  queueOut(): void;
  /** Waits until all that is queued is out, or until that takes too long. */
  flush(): Promise<void>;
  /** Whether standard output still has a reader, as far as the last write could tell. */
  readonly isOpen: boolean;
  /**
   * What a program exits with that wants to exit with `code`: 141, as one that died of SIGPIPE, when the reader of a
   * pipe closed it before all was written. After {@linkcode queueOut} always `code`.
   */
  exitCode(code: number): number;
}

/** Files, synchronous: they are small and read at start, or written while the user waits. */
export interface Files {
  /** @throws {Error} whose message is Go's: `open PATH: no such file or directory`. */
  readText(path: string): string;
  /** Sorted byte-wise. @throws as readText. */
  listDirectory(path: string): { name: string; isDirectory: boolean }[];
  /** "file", "directory", or undefined when there is none. @throws as readText for other failures. */
  stat(path: string): { isDirectory: boolean } | undefined;
  /** Writes a temporary sibling, fsyncs, renames. Keeps an existing file's mode, else uses `mode`. @throws as readText. */
  writeAtomic(path: string, text: string, mode: number): void;
}

/** One address of one network interface. */
export interface InterfaceAddress {
  readonly interfaceName: string;
  /** An IP literal without zone. */
  readonly host: string;
  /** Length of the network prefix in bits, 0..32 or 0..128: wider networks are preferred. */
  readonly prefixLength: number;
}

/** A byte stream (RPC). */
export interface StreamConnection {
  /** `ip:port` of the far end, IPv6 in brackets. */
  readonly remote: string;
  /** @returns bytes read, borrowed until the next read; null at the end or after any error. */
  read(): Promise<Uint8Array | null>;
  /**
   * Queues bytes (copied) for writing; one writer, order kept. Never throws; after an error it does nothing.
   * @returns `queuedBytes`.
   */
  write(bytes: Uint8Array): number;
  /** How many bytes are waiting in this connection's queue now. */
  readonly queuedBytes: number;
  /** Resolves when all that was queued is written, or the connection broke. */
  drained(): Promise<void>;
  /** Ends it at once; what is queued is lost. Idempotent. */
  close(): void;
  /** Resolves when the connection has ended and the system holds nothing of it any more, which can take long. */
  released(): Promise<void>;
}

/** A listening stream socket. */
export interface StreamListener {
  readonly port: number;
  /** @returns the next connection, or null once closed. */
  accept(): Promise<StreamConnection | null>;
  close(): void;
}

/** What a gossip transport wants to know besides its address. */
export interface GossipOptions {
  /** How long an inbound stream may take, from accept to the last byte of the reply. Greater than 0. */
  readonly tcpTimeoutMs: number;
}

/** What a gossip transport counted since it was bound. Each is a whole number that only grows. */
export interface TransportCounters {
  packetsReceived: number;
  packetsSent: number;
  /** Datagrams dropped because too many sends were still under way: a full local buffer. */
  packetsDropped: number;
  /** Datagrams that the local system refused after `sendPacket` had returned. */
  packetErrors: number;
  /** Inbound streams accepted, including those then refused. */
  streamsAccepted: number;
  /** Inbound streams closed silently because a limit of open streams or buffered bytes was reached. */
  streamsRefused: number;
  /** Inbound streams that ended before their request was complete. */
  streamsFailed: number;
}

/** A bound gossip transport: UDP and TCP on one port. */
export interface GossipTransport extends Transport {
  /** What it is bound to: the host that was asked for, and the real port when 0 was asked for. */
  readonly bound: Address;
  readonly counters: Readonly<TransportCounters>;
  /** Starts delivering. Call once, after the engine exists. */
  start(sink: TransportSink): void;
  /** Closes sockets and streams. Nothing is delivered any more, to no sink of an open exchange either. Idempotent. */
  close(): void;
}

/** A group of hosts on the local network, or one for each family, and where it is. */
export interface MulticastOptions {
  /** Empty for every interface. */
  readonly interfaceName: string;
  readonly port: number;
  /** IP literals of groups. */
  readonly groups: readonly string[];
}

/** What takes part in such groups. Packets are borrowed for the calls that hand them over. */
export interface MulticastLink {
  /**
   * Asks the groups, from a port of its own.
   *
   * @param bytes not changed until the question is over.
   * @param onAnswer gets what comes back to that port, from anybody.
   * @param onFailed called at most once, when the question could be sent to none.
   * @returns what ends the question.
   */
  ask(
    bytes: Uint8Array,
    onAnswer: (packet: Uint8Array) => void,
    onFailed: (error: unknown) => void,
  ): () => void;
  /** Leaves the groups; a question that is under way is not ended by it. Idempotent. */
  close(): void;
}

/** What a script gets, and who hears of its output. */
export interface ScriptOptions {
  /** Added to the agent's own environment. Any bytes (byte_text.ts) but NUL. */
  readonly env: Readonly<Record<string, string>>;
  /** Its standard input, then the end of it. Not changed until the script has ended. */
  readonly input: Uint8Array;
  /** A piece of standard output or standard error, in the order of their writing; borrowed for the call. */
  onOutput(chunk: Uint8Array): void;
}

/** How a script ended. */
export interface ScriptResult {
  /** In Go's words: `exit status 3`, `signal: killed`; undefined for success. */
  readonly failure: string | undefined;
  /** Why the input could not be written: `write |1: broken pipe`; undefined when it was. */
  readonly inputFailure: string | undefined;
}

/** Sends datagrams to one place. */
export interface DatagramSender {
  /** Best effort: losses are silent, and so are faults. Kept until it is sent; not to be changed meanwhile. */
  send(bytes: Uint8Array): void;
  /** Resolves when all that was given so far is sent or lost. */
  drained(): Promise<void>;
  /** Ends it at once; what waits is lost. Idempotent. */
  close(): void;
}

/** What the process takes of the machine's memory. */
export interface MemoryUsage {
  /** Objects that are in use, or not yet collected. */
  readonly usedBytes: number;
  /** All that the system has given us. */
  readonly residentBytes: number;
}

/** What `stats` reports of the process. */
export interface RuntimeInfo {
  readonly os: string;
  readonly arch: string;
  readonly cpuCount: number;
  /** The number of this process. */
  readonly pid: number;
  /** `deno 2.4.2`. */
  readonly version: string;
}

/** The signals that an agent listens to, some of them only to outlive them. */
export type SignalName =
  | "SIGINT"
  | "SIGTERM"
  | "SIGHUP"
  | "SIGUSR1"
  | "SIGUSR2"
  | "SIGALRM"
  | "SIGVTALRM"
  | "SIGPROF"
  | "SIGIO"
  | "SIGPWR"
  | "SIGXCPU"
  | "SIGXFSZ";

/** Everything together. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly ui: Ui;
  readonly files: Files;
  readonly runtime: RuntimeInfo;
  /** An environment variable, or undefined. */
  env(name: string): string | undefined;
  /** The operating system's host name. @throws {Error} when there is none. */
  hostname(): string;
  /** The addresses of the interfaces, in the system's order. */
  interfaces(): InterfaceAddress[];
  /** Whether an interface of that name exists, one without addresses included. */
  hasInterface(name: string): boolean;
  /** The name of the interface that carries the default route, if that can be told. */
  defaultInterface(): Promise<string | undefined>;
  /** Resolves a host name to IP literals. IP literals resolve to themselves. @throws {Error} with Go's text: `lookup x: no such host`. */
  resolveHost(host: string): Promise<string[]>;
  /**
   * Binds UDP and TCP to one address. `0.0.0.0` listens dual-stack where IPv6 exists. Asynchronous only because its
   * code is loaded on first use: a command that needs no gossip does not pay for it.
   * @throws {TransportError} `listen tcp 127.0.0.1:7946: bind: address already in use`.
   */
  bindGossip(host: string, port: number, options: GossipOptions): Promise<GossipTransport>;
  /**
   * Opens the snapshot's file, and makes it if there is none. Asynchronous for the same reason.
   * @throws {StorageError} `open PATH: permission denied`.
   */
  openStorage(path: string): Promise<Storage>;
  /** @throws {TransportError} `listen tcp 127.0.0.1:7373: bind: address already in use`. */
  listenStream(host: string, port: number): StreamListener;
  /** An empty host is this one. @throws {TransportError} `dial tcp 127.0.0.1:7373: connect: connection refused`. */
  dialStream(host: string, port: number, timeoutMs: number): Promise<StreamConnection>;
  /**
   * Runs a script in the system's shell (`/bin/sh -c`), in a process group of its own, for as long as it likes. Settles
   * when it ended and its output is closed. Rejects with Go's text when it cannot be started: `fork/exec /bin/sh: ...`.
   */
  runScript(script: string, options: ScriptOptions): Promise<ScriptResult>;
  /** For a UDP port. @param host an IP literal. Rejects (TransportError) when there is no socket. */
  openDatagrams(host: string, port: number): Promise<DatagramSender>;
  /** For a Unix socket. Rejects (TransportError) when there is none at `path`. */
  openUnixDatagrams(path: string): Promise<DatagramSender>;
  memoryUsage(): MemoryUsage;
  /** What the process has taken of all processors since its start, in milliseconds. */
  cpuTimeMs(): number;
  /**
   * Collects all garbage now; `isThorough`: several times, and gives up compiled code and memory that rested, too. Does
   * nothing where the runtime was not told to offer it.
   */
  collectGarbage(isThorough: boolean): void;
  /**
   * Joins what can be joined of `options.groups`.
   *
   * @param onPacket gets what is sent to the groups; `reply` sends to whoever sent it, best effort.
   * @throws {Error} `No multicast listeners could be started`.
   */
  openMulticast(
    options: MulticastOptions,
    onPacket: (packet: Uint8Array, reply: (bytes: Uint8Array) => void) => void,
  ): Promise<MulticastLink>;
  /** Calls `listener` at each `name`; returns what stops it. Unsupported signals are ignored. */
  onSignal(name: SignalName, listener: () => void): () => void;
  /**
   * Says where a bug goes that escapes from a timer or from a transport's sink: `listener(error)` is called, and the
   * clock and the sockets go on. Replaces the listener before. Without one such an error is an uncaught one, which
   * ends the program.
   */
  onFault(listener: (error: unknown) => void): void;
}
