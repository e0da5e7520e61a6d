/** One node's view of the cluster, and its voice in it: the facade of the engine. It routes, and decides nothing. */
import type { Address } from "../base/address.ts";
import { SizeLimitError, StateError, type TransportError } from "../base/errors.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { NO_METRICS } from "../base/metrics.ts";
import { type CorePorts, type FrameReader, LogLevel, type TransportSink } from "../base/ports.ts";
import { isPrivate } from "../base/special_addresses.ts";
import { Label } from "../wire/label.ts";
import { AckRegistry } from "./ack_registry.ts";
import { Awareness } from "./awareness.ts";
import { Confirmer } from "./confirmer.ts";
import { BroadcastQueue } from "./broadcast_queue.ts";
import { BroadcastWait } from "./broadcast_wait.ts";
import { createMemberlistCounters, type MemberlistCounters } from "./counters.ts";
import type { MemberlistDelegate } from "./delegate.ts";
import type { Engine } from "./engine.ts";
import { Gossiper } from "./gossiper.ts";
import { Joiner, type JoinResult } from "./joiner.ts";
import type { Keyring } from "./keyring.ts";
import { isGone, Membership } from "./membership.ts";
import { META_BYTES_MAX, NodeState, NodeStatus } from "./node_state.ts";
import { type NodeDirectory, NodeTable } from "./node_table.ts";
import { sharedVersions } from "./messages.ts";
import type { MemberlistOptions } from "./options.ts";
import { PacketReceiver } from "./packet_receiver.ts";
import { PacketSender } from "./packet_sender.ts";
import { PingResponder } from "./ping_responder.ts";
import { Prober } from "./prober.ts";
import { Listeners } from "./listeners.ts";
import { RoundTrips } from "./round_trips.ts";
import { PushPull } from "./push_pull.ts";
import { StreamFrames } from "./stream_frames.ts";
import { StreamServer } from "./stream_server.ts";

/** What a stranger's packets may make us write: lines at once, and per second in the long run. */
const STRANGER_LINES_BURST = 50;
const STRANGER_LINES_PER_SECOND = 5;

/** Memberlist protocol versions that we understand, and speak: what every Serf says. */
const PROTOCOL = { min: 1, max: 5, current: 2 } as const;
/** Serf protocol versions that we understand. */
const DELEGATE_PROTOCOL = { min: 2, max: 5 } as const;

/** Where a memberlist is on the network. */
export interface LocalEndpoint {
  /** What is announced: as 4 or as 16 bytes, just as it is here. */
  readonly address: Address;
  /** What port 0 in a message stands for. @default the port of `address` */
  readonly bindPort?: number;
}

/** What memberlist asks of the world. */
export interface MemberlistPorts extends CorePorts {
  /** Where it keeps what it knows of nodes; empty. @default a {@linkcode NodeTable} */
  readonly nodes?: NodeDirectory | undefined;
}

/**
 * ```
 * new --start--> running --leave--> leaving, then left (still answers and gossips) --stop--> stopped
 *                   +---------------------------------stop--------------------------------------^
 * ```
 * Before `start` and after `stop` everything that comes in is ignored, and nothing goes out.
 */
export class Memberlist implements TransportSink {
  /** The keys of an encrypted cluster; changes take effect with the next packet. */
  readonly keyring: Keyring | undefined;
  readonly #engine: Engine;
  readonly #frames: StreamFrames;
  readonly #membership: Membership;
  readonly #sender: PacketSender;
  readonly #receiver: PacketReceiver;
  readonly #responder: PingResponder;
  readonly #prober: Prober;
  readonly #confirmer: Confirmer;
  readonly #gossiper: Gossiper;
  readonly #pushPull: PushPull;
  readonly #server: StreamServer;
  // bounded: one per caller of leave() or updateMeta() who waits.
  readonly #waits = new Set<BroadcastWait>();
  #state: "new" | "running" | "stopped" = "new";
  #isLeaving = false;

  /**
   * @param options resolved; nothing changes them later.
   * @param delegate not called before {@linkcode start}.
   * @param keyring shared: whoever changes it changes what this memberlist seals and opens with.
   */
  constructor(
    options: MemberlistOptions,
    local: LocalEndpoint,
    ports: MemberlistPorts,
    delegate: MemberlistDelegate,
    keyring?: Keyring,
  ) {
    const { clock, random, logger, metrics = NO_METRICS, nodes: table = new NodeTable(random) } = ports;
    const queue = new BroadcastQueue({
      retransmitMult: options.retransmitMult,
      nodeCount: () => table.size,
      onQueued: () => this.#gossiper.onBroadcastQueued(),
    });
    const engine: Engine = {
      ...ports,
      options,
      delegate,
      local: createLocalNode(options, local.address, clock.nowMs()),
      bindPort: local.bindPort ?? local.address.port,
      table,
      queue,
      metrics,
      awareness: new Awareness(
        options.lifeguard.probe ? options.awarenessMaxMultiplier : 1,
        (score) => metrics.gauge("memberlist.health.score", score),
      ),
      acks: new AckRegistry(),
      roundTrips: new RoundTrips(),
      listeners: new Listeners(options.probeIntervalMs),
      counters: createMemberlistCounters(),
      strangers: new LogLimiter(clock, logger, STRANGER_LINES_BURST, STRANGER_LINES_PER_SECOND),
    };
    const label = new Label(options.label);
    this.keyring = keyring;
    this.#engine = engine;
    this.#frames = new StreamFrames({ label, compression: options.compression, keyring, random });
    this.#membership = new Membership(engine);
    this.#sender = new PacketSender(engine, label, keyring);
    this.#responder = new PingResponder(engine, this.#sender, this.#frames);
    this.#receiver = new PacketReceiver(engine, label, keyring, this.#membership, this.#responder);
    const parts = { engine, membership: this.#membership, sender: this.#sender, frames: this.#frames };
    this.#prober = new Prober(parts);
    this.#confirmer = new Confirmer(parts);
    this.#membership.onHearsay = (node) => this.#confirmer.onHearsay(node);
    this.#gossiper = new Gossiper(engine, this.#sender);
    this.#pushPull = new PushPull(engine, this.#membership, this.#frames);
    this.#server = new StreamServer(engine, this.#frames, this.#pushPull);
  }

  /**
   * Enters ourselves as alive, incarnation 1, queues that for gossip, and arms the timers.
   * @throws {StateError} when called twice.
   */
  start(): void {
    if (this.#state !== "new") throw new StateError("memberlist was started before");
    const { local, delegate, logger } = this.#engine;
    local.meta = delegate.localMeta().slice();
    this.#state = "running";
    if (this.keyring === undefined && !isPrivate(local.ip)) {
      logger.log(LogLevel.warn, "memberlist: Binding to public address without encryption!");
    }
    this.#membership.announceSelf();
    this.#prober.start();
    this.#confirmer.start();
    this.#gossiper.start();
    this.#pushPull.start();
  }

  /** Disarms everything. No goodbye: the others will notice. Nobody who waits is told. Idempotent. */
  stop(): void {
    if (this.#state !== "running") return;
    this.#state = "stopped";
    this.#prober.stop();
    this.#confirmer.stop();
    this.#gossiper.stop();
    this.#pushPull.stop();
    this.#responder.stop();
    this.#membership.stop();
    for (const wait of this.#waits) wait.cancel();
    this.#waits.clear();
  }

  /**
   * Exchanges states with each address, at most eight at once.
   * @param done called once, when all are settled; the failures are in the order of the addresses.
   */
  join(addresses: readonly Address[], done: (result: JoinResult) => void): void {
    new Joiner(this.#engine, this.#pushPull, addresses, done).start();
  }

  /**
   * Says farewell, and waits until that is gossiped if there is anybody to hear it. Answers at once when it was said
   * before.
   * @param done called once, later: with an error when the time is over. We have left in either case.
   */
  leave(timeoutMs: number, done: (error?: Error) => void): void {
    const wait = this.#waitFor(timeoutMs, "timeout waiting for leave broadcast", done);
    if (this.#state !== "running" || this.#isLeaving) {
      wait.onSent();
      return;
    }
    this.#isLeaving = true;
    this.#membership.announceLeave(() => wait.onSent());
    if (!this.#hasListeners()) wait.onSent();
  }

  /**
   * Takes the delegate's metadata anew and announces it, and waits as {@linkcode leave} does.
   * @param done called once, later: with a SizeLimitError (nothing changed), a StateError (not running, or leaving:
   *   nothing changed), or an Error when the time is over (it is announced all the same).
   */
  updateMeta(timeoutMs: number, done: (error?: Error) => void): void {
    const wait = this.#waitFor(timeoutMs, "timeout waiting for update broadcast", done);
    const meta = this.#engine.delegate.localMeta();
    if (meta.length > META_BYTES_MAX) {
      wait.fail(new SizeLimitError("Node meta data provided is longer than the limit"));
    } else if (this.#state !== "running" || this.#isLeaving) {
      wait.fail(new StateError("memberlist is not running, or has left"));
    } else {
      this.#membership.announceMeta(meta, () => wait.onSent());
      if (!this.#hasListeners()) wait.onSent();
    }
  }

  /** Sends a message of the layer above, type byte 8 first, alone in a datagram; best effort. */
  sendUser(to: Address, message: Uint8Array): void {
    if (this.#state === "running") this.#sender.sendUser(to, message);
  }

  /** The layer above has queued something to gossip. */
  onBroadcastQueued(): void {
    this.#gossiper.onBroadcastQueued();
  }

  /** One push/pull with whoever listens at `address`. @param done called once. */
  pushPullWith(address: Address, join: boolean, done: (error?: Error) => void): void {
    this.#pushPull.exchange(address, "", join, done);
  }

  /** All nodes that are known, the dead and left not yet forgotten included; changes with every message. */
  get nodes(): readonly NodeState[] {
    return this.#engine.table.nodes;
  }

  /** A known node of that name. */
  node(name: string): NodeState | undefined {
    return this.#engine.table.get(name);
  }

  /** Ourselves. */
  get local(): NodeState {
    return this.#engine.local;
  }

  /** The n of the formulas: all nodes that are known. */
  get nodeCount(): number {
    return this.#engine.table.size;
  }

  /** Nodes that are alive or suspect, ourselves included. */
  get aliveCount(): number {
    return this.#engine.table.aliveCount;
  }

  /** Lifeguard's local health: 0 is best. */
  get healthScore(): number {
    return this.#engine.awareness.score;
  }

  /**
   * How much is in the collections that others can fill: pings under way, and news that waits to be
   * gossiped: memberlist's, not that of the layer above.
   */
  get sizes(): { readonly pings: number; readonly news: number } {
    const { acks, queue } = this.#engine;
    return { pings: acks.size, news: queue.size };
  }

  /** What happened so far. */
  get counters(): Readonly<MemberlistCounters> {
    return this.#engine.counters;
  }

  onPacket(from: Address, bytes: Uint8Array): void {
    if (this.#state === "running") this.#receiver.onPacket(from, bytes);
  }

  newFrameReader(): FrameReader {
    return this.#frames.newFrameReader("request");
  }

  onExchange(from: Address, request: Uint8Array): Uint8Array | null {
    return this.#state === "running" ? this.#server.onExchange(from, request) : null;
  }

  onExchangeFailed(from: Address, received: number, error: TransportError): void {
    if (this.#state === "running") this.#server.onExchangeFailed(from, received, error);
  }

  #waitFor(timeoutMs: number, timeoutText: string, done: (error?: Error) => void): BroadcastWait {
    const wait = new BroadcastWait(this.#engine.clock, timeoutMs, timeoutText, (error) => {
      this.#waits.delete(wait);
      done(error);
    });
    this.#waits.add(wait);
    return wait;
  }

  /** Whether anybody else is there who could hear what we say. */
  #hasListeners(): boolean {
    const { table, local } = this.#engine;
    return table.aliveCount > (isGone(local) ? 0 : 1);
  }
}

function createLocalNode(options: MemberlistOptions, address: Address, nowMs: number): NodeState {
  const node = new NodeState(options.name, address, NodeStatus.dead, nowMs);
  const { min, max, current } = PROTOCOL;
  node.versions = sharedVersions(
    Uint8Array.of(min, max, current, DELEGATE_PROTOCOL.min, DELEGATE_PROTOCOL.max, options.delegateProtocol),
  );
  return node;
}
