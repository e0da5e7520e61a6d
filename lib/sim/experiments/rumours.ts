/**
 * How news spreads by gossip alone: the shipped queue, gossiper and packets, without probes and push/pulls, so that ten
 * thousand nodes cost no more than their queues. All share one table, in which all are alive.
 */
import { LogLimiter } from "../../base/log_limiter.ts";
import { NO_METRICS } from "../../base/metrics.ts";
import type { Logger } from "../../base/ports.ts";
import { SeededRandom } from "../../base/seeded_random.ts";
import { AckRegistry } from "../../memberlist/ack_registry.ts";
import { Awareness } from "../../memberlist/awareness.ts";
import { BroadcastQueue } from "../../memberlist/broadcast_queue.ts";
import { createMemberlistCounters } from "../../memberlist/counters.ts";
import type { BroadcastSink, MemberlistDelegate } from "../../memberlist/delegate.ts";
import type { Engine } from "../../memberlist/engine.ts";
import { Gossiper } from "../../memberlist/gossiper.ts";
import { Membership } from "../../memberlist/membership.ts";
import { MessageType } from "../../memberlist/message_type.ts";
import { NodeState, NodeStatus } from "../../memberlist/node_state.ts";
import { NodeTable } from "../../memberlist/node_table.ts";
import { type MemberlistOptions, resolveMemberlistOptions } from "../../memberlist/options.ts";
import { PacketReceiver } from "../../memberlist/packet_receiver.ts";
import { PacketSender } from "../../memberlist/packet_sender.ts";
import { PingResponder } from "../../memberlist/ping_responder.ts";
import { Listeners } from "../../memberlist/listeners.ts";
import { RoundTrips } from "../../memberlist/round_trips.ts";
import { StreamFrames } from "../../memberlist/stream_frames.ts";
import { Label } from "../../wire/label.ts";
import { SimNetwork } from "../sim_network.ts";
import { SimWorld } from "../sim_world.ts";

/** A mill of rumours. */
export interface RumourOptions {
  readonly seed: number;
  readonly size: number;
  readonly options: Partial<MemberlistOptions>;
}

/** What became of some rumours. */
export interface RumourOutcome {
  /** Pairs of a rumour and a node that was to hear it. */
  readonly pairs: number;
  /** How long each that was heard took, in milliseconds, ascending. */
  readonly timesMs: Float64Array;
  /** Datagrams and their bytes (what UDP carries) that one node sent, on average. */
  readonly packetsPerNode: number;
  readonly bytesPerNode: number;
  /** Messages in these packets. */
  readonly messagesPerNode: number;
}

/** What a rumour weighs, memberlist's type byte included: as a user event with a short name and payload. */
const RUMOUR_BYTES = 48;
/** Long enough for every queue to empty. */
const REST_MS = 5_000;

const SILENT: Logger = { enabled: () => false, log: () => {} };
const NOTHING = new Uint8Array(0);

/** A cluster that does nothing but gossip. Bounded: what it notes, by the rumours told. */
export class RumourMill {
  readonly #world: SimWorld;
  readonly #network: SimNetwork;
  readonly #gossips: Gossip[] = [];
  readonly #random: SeededRandom;
  /** When each rumour was told. */
  readonly #toldMs: number[] = [];
  #timesMs: number[] = [];
  #messagesSent = 0;

  constructor({ seed, size, options }: RumourOptions) {
    this.#world = new SimWorld(seed);
    // Of its own: the world's hashes every delivery.
    this.#network = new SimNetwork(this.#world.clock, seed, this.#world.faults);
    this.#random = new SeededRandom(seed, "rumours");
    const table = new NodeTable(this.#random);
    for (let index = 0; index < size; index++) {
      const address = this.#world.address(index);
      const node = new NodeState(`n${index}`, address, NodeStatus.alive, 0);
      table.add(node);
      this.#gossips.push(new Gossip(this, this.#network, node, table, options, seed));
    }
    this.#world.clock.runFor(REST_MS);
  }

  /** Sets how many datagrams get lost, of those that are sent from now on. */
  set lossRatio(lossRatio: number) {
    this.#world.faults.setEverywhere({ lossRatio });
  }

  /** Runs. */
  runFor(ms: number): void {
    this.#world.clock.runFor(ms);
  }

  /** Has somebody tell `count` rumours at once. @param origin by default a random node. */
  tell(count = 1, origin = this.#random.below(this.#gossips.length)): void {
    for (let i = 0; i < count; i++) {
      const rumour = this.#toldMs.length;
      this.#toldMs.push(this.#world.clock.nowMs());
      this.#gossips[origin]!.tell(rumour);
    }
  }

  /** Lets the rumours told since the last call run their course. @returns what became of them. */
  settle(): RumourOutcome {
    this.#world.clock.runFor(REST_MS);
    const size = this.#gossips.length;
    const { counters } = this.#network;
    const outcome = {
      pairs: this.#toldMs.length * (size - 1),
      timesMs: Float64Array.from(this.#timesMs).sort(),
      packetsPerNode: counters.packetsSent / size,
      bytesPerNode: counters.packetBytesSent / size,
      messagesPerNode: this.#messagesSent / size,
    };
    this.#timesMs = [];
    this.#toldMs.length = 0;
    counters.packetsSent = counters.packetBytesSent = this.#messagesSent = 0;
    for (const gossip of this.#gossips) gossip.forget();
    return outcome;
  }

  /** For {@linkcode Gossip}: a node heard a rumour for the first time. */
  onHeard(rumour: number): void {
    this.#timesMs.push(this.#world.clock.nowMs() - this.#toldMs[rumour]!);
  }

  /** For {@linkcode Gossip}: a message went into a packet. */
  onSent(): void {
    this.#messagesSent++;
  }
}

/** One node's gossip. */
class Gossip implements MemberlistDelegate {
  readonly #mill: RumourMill;
  readonly #queue: BroadcastQueue;
  /** Bounded: by the rumours told. */
  readonly #heard = new Set<number>();

  constructor(
    mill: RumourMill,
    network: SimNetwork,
    local: NodeState,
    table: NodeTable,
    chosen: Partial<MemberlistOptions>,
    seed: number,
  ) {
    this.#mill = mill;
    const transport = network.attach(local.address);
    const options = resolveMemberlistOptions({ ...chosen, name: local.name });
    local.versions = { ...local.versions, pMax: 5 };
    const nodeCount = () => table.size;
    const { retransmitMult } = options;
    const onQueued = () => gossiper.onBroadcastQueued();
    this.#queue = new BroadcastQueue({ retransmitMult, nodeCount, onQueued });
    const clock = transport.process;
    const engine: Engine = {
      clock,
      random: new SeededRandom(seed, local.name),
      transport,
      logger: SILENT,
      options,
      delegate: this,
      local,
      bindPort: local.port,
      table,
      queue: new BroadcastQueue({ retransmitMult, nodeCount, onQueued }),
      metrics: NO_METRICS,
      awareness: new Awareness(options.awarenessMaxMultiplier),
      acks: new AckRegistry(),
      roundTrips: new RoundTrips(),
      listeners: new Listeners(options.probeIntervalMs),
      counters: createMemberlistCounters(),
      strangers: new LogLimiter(clock, SILENT, 1, 1),
    };
    const label = new Label("");
    const sender = new PacketSender(engine, label, undefined);
    const gossiper = new Gossiper(engine, sender);
    const { random } = engine;
    const frames = new StreamFrames({ label, compression: options.compression, keyring: undefined, random });
    const responder = new PingResponder(engine, sender, frames);
    const receiver = new PacketReceiver(engine, label, undefined, new Membership(engine), responder);
    transport.start({
      onPacket: (from, bytes) => receiver.onPacket(from, bytes),
      newFrameReader: () => ({ scan: () => 0 }),
      onExchange: () => null,
      onExchangeFailed: () => {},
    });
    gossiper.start();
  }

  tell(rumour: number): void {
    const message = new Uint8Array(RUMOUR_BYTES).fill(rumour * 31 & 0xff, 5);
    message[0] = MessageType.user;
    new DataView(message.buffer).setUint32(1, rumour);
    this.#heard.add(rumour);
    this.#queue.queue(message);
  }

  forget(): void {
    this.#heard.clear();
  }

  onUserMessage(message: Uint8Array): void {
    const rumour = new DataView(message.buffer, message.byteOffset).getUint32(0);
    if (this.#heard.has(rumour)) return;
    this.#mill.onHeard(rumour);
    this.tell(rumour);
  }

  fillBroadcasts(sink: BroadcastSink): void {
    this.#queue.fill({
      roomBytes: () => sink.roomBytes(),
      add: (message) => {
        this.#mill.onSent();
        sink.add(message);
      },
    });
  }

  hasBroadcasts(): boolean {
    return this.#queue.size > 0;
  }

  localMeta(): Uint8Array {
    return NOTHING;
  }
  encodeLocalState(): Uint8Array {
    return NOTHING;
  }
  ackPayload(): Uint8Array {
    return NOTHING;
  }
  onRemoteState(): void {}
  onPingCompleted(): void {}
  onNodeJoin(): void {}
  onNodeLeave(): void {}
  onNodeUpdate(): void {}
  onNameConflict(): void {}
}
