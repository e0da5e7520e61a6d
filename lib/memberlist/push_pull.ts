/**
 * The exchange of full states that repairs what gossip missed: now and then with a random node, at once when joining.
 * protocol.md B, C.8, C.9, C.13.
 *
 * ```
 * dialer    send own state ------> read all            (whoever accepted has already sent its own state
 * acceptor  read all ------> send own state             when it merges: it answers whatever it thinks of ours)
 *           check versions, merge members, hand the user state up                     both
 * ```
 */
import type { Address } from "../base/address.ts";
import { SizeLimitError, StateError, TransportError, WireError } from "../base/errors.ts";
import { type ExchangeSink, type FrameReader, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import type { Engine } from "./engine.ts";
import { pushPullIntervalMs } from "./formulas.ts";
import type { Membership } from "./membership.ts";
import { decodeErr, MessageType } from "./messages.ts";
import { type NodeState, NodeStatus } from "./node_state.ts";
import { PushPullMessage } from "./push_pull_messages.ts";
import { StateEncoder } from "./state_encoder.ts";
import type { StreamFrames } from "./stream_frames.ts";
import { findIncompatibility } from "./version_check.ts";

/** See the top of the file. At most one exchange is begun by the timer at a time; others are begun by callers. */
export class PushPull {
  readonly #engine: Engine;
  readonly #membership: Membership;
  readonly #frames: StreamFrames;
  readonly #encoder: StateEncoder;
  readonly #timer = new Timer(() => this.onTimer());
  readonly #picked: NodeState[] = [];
  readonly #isPartner: (node: NodeState) => boolean;
  #isRunning = false;
  /** Whether the exchange that the timer began is still under way. */
  #isBusy = false;

  constructor(engine: Engine, membership: Membership, frames: StreamFrames) {
    this.#engine = engine;
    this.#membership = membership;
    this.#frames = frames;
    this.#encoder = new StateEncoder(engine);
    this.#isPartner = (node) => node.status === NodeStatus.alive && node !== engine.local;
  }

  start(): void {
    this.#isRunning = true;
    this.#arm(this.#engine.random.uniform());
  }

  stop(): void {
    this.#isRunning = false;
    this.#engine.clock.disarm(this.#timer);
  }

  /** The interval is over: one random living node. */
  onTimer(): void {
    this.#arm(1);
    if (this.#isBusy) return;
    this.#engine.table.sampleInto(1, this.#isPartner, this.#picked);
    const node = this.#picked[0];
    if (node === undefined) return;
    this.#isBusy = true;
    this.exchange(node.address, node.name, false, (error) => {
      this.#isBusy = false;
      if (error === undefined || !this.#isRunning) return;
      this.#engine.logger.log(
        LogLevel.error,
        `memberlist: Push/Pull with ${node.name} failed: ${error.message}`,
      );
    });
  }

  /**
   * Exchanges states with whoever listens at `address`.
   *
   * @param name for the log; may be empty.
   * @param done called once; before this returns only when nothing can be sent (not running, own state too large).
   */
  exchange(address: Address, name: string, join: boolean, done: (error?: Error) => void): void {
    const { clock, metrics, transport, options } = this.#engine;
    if (!this.#isRunning) {
      done(new StateError("memberlist is not running"));
      return;
    }
    let request: Uint8Array;
    try {
      request = this.#frames.encode(this.#localState(join), "request");
    } catch (error) {
      if (!(error instanceof SizeLimitError)) throw error;
      done(error);
      return;
    }
    const startMs = clock.nowMs();
    const sink = new DialedExchange(this, address, name, join, (error) => {
      metrics.sample("memberlist.pushPullNode", clock.nowMs() - startMs);
      done(error);
    });
    metrics.counter("memberlist.tcp.sent", request.length);
    transport.openExchange(address, request, options.tcpTimeoutMs, sink);
  }

  /**
   * The answering side.
   *
   * @param message the whole push/pull message, type byte first.
   * @returns the reply, or null when our own state is too large to be sent.
   * @throws {WireError} when it is malformed; nothing was merged then.
   */
  serve(from: Address, message: Uint8Array): Uint8Array | null {
    this.#engine.metrics.sample("memberlist.size.remote", message.length);
    const remote = new PushPullMessage(message);
    let reply: Uint8Array | null = null;
    try {
      reply = this.#frames.encode(this.#localState(remote.join), "reply");
    } catch (error) {
      if (!(error instanceof SizeLimitError)) throw error;
      this.#engine.logger.log(LogLevel.error, `memberlist: Failed to push local state: ${error.message}`);
    }
    const fault = this.#merge(remote, remote.join, from);
    if (fault !== undefined) this.#reportMerge(fault, from);
    return reply;
  }

  /** For {@linkcode DialedExchange}: what came back. @throws {WireError} when it is malformed or refused. */
  onReply(reply: Uint8Array, from: Address, join: boolean): void {
    if (!this.#isRunning) throw new WireError("memberlist was stopped");
    const message = this.#frames.decode(reply, "reply");
    const type = message[0]!;
    if (type === MessageType.err) {
      throw new WireError(`remote error: ${decodeErr(message, 1, message.length)}`);
    }
    if (type !== MessageType.pushPull) {
      throw new WireError(`received invalid msgType (${type}), expected pushPullMsg (6) from=${from}`);
    }
    this.#engine.metrics.sample("memberlist.size.remote", message.length);
    const fault = this.#merge(new PushPullMessage(message), join, from);
    if (fault !== undefined) throw new WireError(fault);
  }

  /** For {@linkcode DialedExchange}: connected, and our state is on its way. */
  onBegun(address: Address, name: string): FrameReader {
    const { logger } = this.#engine;
    if (logger.enabled(LogLevel.debug)) {
      logger.log(LogLevel.debug, `memberlist: Initiating push/pull sync with: ${name} ${address}`);
    }
    return this.#frames.newFrameReader("reply");
  }

  /** For {@linkcode DialedExchange}: there is somebody. */
  onConnected(address: Address): void {
    this.#engine.listeners.onAnswered(address);
    this.#engine.metrics.counter("memberlist.tcp.connect", 1);
  }

  /** For {@linkcode DialedExchange}. */
  onFailed(): void {
    this.#engine.counters.pushPullsFailed++;
  }

  /** The message with our state, and what the metrics tell of it. @throws {SizeLimitError} when it is too large. */
  #localState(join: boolean): Uint8Array {
    const { metrics, table } = this.#engine;
    const message = this.#encoder.encode(join);
    metrics.gauge("memberlist.size.local", message.length);
    for (const [name, status] of Object.entries(NodeStatus)) {
      metrics.gauge(`memberlist.node.instances.${name}`, table.countOf(status));
    }
    return message;
  }

  /** @returns why nothing was merged, or undefined. */
  #merge(remote: PushPullMessage, join: boolean, from: Address): string | undefined {
    const { counters, delegate, table } = this.#engine;
    const fault = findIncompatibility(remote, table);
    if (fault !== undefined) {
      counters.pushPullsFailed++;
      return fault;
    }
    remote.forEachNode(
      (node) => this.#membership.mergeNode(node),
      (record, message) => this.#membership.knows(record, message),
    );
    counters.pushPulls++;
    if (remote.userState.length === 0) return undefined;
    try {
      delegate.onRemoteState(remote.userState, join);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      counters.malformed++;
      this.#reportMerge(error.message, from);
    }
    return undefined;
  }

  #reportMerge(text: string, from: Address): void {
    this.#engine.strangers.log(LogLevel.error, `memberlist: Failed push/pull merge: ${text} from=${from}`);
  }

  /** @param fraction of the interval. */
  #arm(fraction: number): void {
    const { clock, options, table } = this.#engine;
    if (options.pushPullIntervalMs === 0) return;
    clock.arm(this.#timer, fraction * pushPullIntervalMs(options.pushPullIntervalMs, table.size));
  }
}

/** One exchange that we began. */
class DialedExchange implements ExchangeSink {
  readonly #owner: PushPull;
  readonly #address: Address;
  readonly #name: string;
  readonly #join: boolean;
  readonly #done: (error?: Error) => void;

  constructor(
    owner: PushPull,
    address: Address,
    name: string,
    join: boolean,
    done: (error?: Error) => void,
  ) {
    this.#owner = owner;
    this.#address = address;
    this.#name = name;
    this.#join = join;
    this.#done = done;
  }

  newFrameReader(): FrameReader {
    return this.#owner.onBegun(this.#address, this.#name);
  }

  onReply(reply: Uint8Array | null): void {
    this.#owner.onConnected(this.#address);
    try {
      if (reply === null) throw new TransportError("closed", "EOF");
      this.#owner.onReply(reply, this.#address, this.#join);
    } catch (error) {
      if (!(error instanceof WireError || error instanceof TransportError)) throw error;
      this.#fail(error);
      return;
    }
    this.#done();
  }

  onError(error: TransportError): void {
    // Who hangs up was there. Of a timeout nobody knows in which phase it came.
    if (error.kind === "closed") this.#owner.onConnected(this.#address);
    this.#fail(error);
  }

  #fail(error: Error): void {
    this.#owner.onFailed();
    this.#done(error);
  }
}
