/** One TCP connection of the simulated network: one request, at most one reply. */
import { TransportError } from "../base/errors.ts";
import type { ExchangeSink, FrameReader } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { CutKind, type Faults } from "./faults.ts";
import type { NetworkCounters } from "./network_counters.ts";
import type { SimClock } from "./sim_clock.ts";
import type { Listener, SimHost } from "./sim_host.ts";
import type { StreamDice } from "./stream_dice.ts";
import type { TraceHash } from "./trace_hash.ts";

/** What of the network an exchange uses. */
export interface ExchangeWorld {
  readonly clock: SimClock;
  readonly faults: Faults;
  readonly counters: NetworkCounters;
  readonly dice: StreamDice;
  readonly trace: TraceHash | undefined;
}

const SYN_RESEND_MS = 1000;
const DATA_RESEND_MS = 200;

/** What is on its way. `reset` is the answer of a host on which nobody listens, `stalled`: the peer waits for more. */
type Leg = "syn" | "synAck" | "reset" | "request" | "stalled" | "fin" | "reply" | "abort" | "done";

/**
 * ```
 * syn -> synAck -> request -> reply -> done       abort: the connection broke; the opener learns it
 *   \-> reset -> done        |-> done (no reply was expected)
 *                            \-> stalled -> fin -> done (the request was incomplete, and the opener gave up)
 * ```
 * Each leg is one segment train: a loss or a cut delays it by a doubling resend time, a blocked process by its block.
 * The opener's deadline runs on the opener's own clock, and ends the opener's part only: a request that has been sent
 * is still handled by the peer. Its sink is never called once its process is dead.
 */
export class SimExchange {
  readonly #world: ExchangeWorld;
  readonly #opener: Listener;
  readonly #openerHost: SimHost;
  readonly #peerHost: SimHost;
  readonly #sink: ExchangeSink;
  readonly #deadlineMs: number;
  readonly #segment: Timer;
  readonly #deadline: Timer;
  readonly #breaks: "no" | "request" | "reply";
  readonly #breakAt: number;
  #leg: Leg = "syn";
  #inFlight = false;
  #resendMs = SYN_RESEND_MS;
  #peer: Listener | undefined = undefined;
  #openerDone = false;
  #reader: FrameReader | null = null;
  #request: Uint8Array;
  #reply: Uint8Array | null = null;

  constructor(
    world: ExchangeWorld,
    ends: { opener: Listener; from: SimHost; to: SimHost },
    request: Uint8Array,
    timeoutMs: number,
    sink: ExchangeSink,
  ) {
    this.#world = world;
    this.#opener = ends.opener;
    this.#openerHost = ends.from;
    this.#peerHost = ends.to;
    this.#sink = sink;
    this.#request = request;
    this.#deadlineMs = world.clock.nowMs() + timeoutMs;
    this.#segment = new Timer(() => this.#onSegment());
    this.#deadline = new Timer(() => this.#onDeadline());
    const fate = world.dice.breakFate(world.faults.conditions(ends.from.index, ends.to.index).breakRatio);
    this.#breaks = fate.where;
    this.#breakAt = fate.at;
    ends.opener.process.arm(this.#deadline, timeoutMs);
    this.#transmit("syn", SYN_RESEND_MS);
  }

  #transmit(leg: Leg, resendMs: number): void {
    this.#leg = leg;
    this.#resendMs = resendMs;
    this.#attempt();
  }

  #attempt(): void {
    const { clock, faults, counters, dice } = this.#world;
    const toPeer = this.#leg === "syn" || this.#leg === "request" || this.#leg === "fin";
    const from = toPeer ? this.#openerHost.index : this.#peerHost.index;
    const to = toPeer ? this.#peerHost.index : this.#openerHost.index;
    const conditions = faults.conditions(from, to);
    const lost = dice.chance(conditions.lossRatio);
    const delayMs = conditions.latencyMs + dice.upTo(conditions.jitterMs);
    this.#inFlight = !lost && !faults.isCut(from, to, CutKind.exchanges);
    if (!this.#inFlight) counters.segmentsResent++;
    // Only a first segment can come from somebody muted: the others answer what was just handled.
    const heldMs = this.#leg === "syn" ? this.#opener.process.holdsBackMs : 0;
    clock.arm(this.#segment, heldMs + (this.#inFlight ? delayMs : this.#resendMs));
  }

  #onSegment(): void {
    if (!this.#inFlight) return this.#resend();
    const { clock, trace } = this.#world;
    const handler = this.#handler();
    if (handler !== undefined && handler.process.deaf) {
      clock.armAt(this.#segment, handler.process.deafUntilMs);
      return;
    }
    if (trace !== undefined) this.#traceLeg(trace);
    this.#onArrival();
    if (handler !== undefined && handler.process.alive) handler.process.onHandled();
  }

  /** Whose process must be awake to handle the present leg; a kernel accepts and refuses connections by itself. */
  #handler(): Listener | undefined {
    if (this.#leg === "request" || this.#leg === "fin") return this.#peer;
    return this.#leg === "syn" ? undefined : this.#opener;
  }

  #resend(): void {
    if (this.#world.clock.nowMs() >= this.#deadlineMs) {
      if (this.#leg === "request") this.#failAtPeer(0, "timeout");
      this.#finish();
      return;
    }
    this.#resendMs *= 2;
    this.#attempt();
  }

  #onArrival(): void {
    switch (this.#leg) {
      case "syn":
        return this.#onSyn();
      case "synAck":
        return this.#onSynAck();
      case "reset":
        this.#world.counters.exchangesRefused++;
        return this.#failAtOpener(refused(this.#peerHost));
      case "request":
        return this.#onRequest();
      case "reply":
        return this.#onReply();
      case "abort":
        this.#world.counters.exchangesBroken++;
        return this.#failAtOpener(broken(this.#openerHost, this.#peerHost));
      case "fin":
        this.#failAtPeer(this.#request.length, "closed");
        return this.#finish();
      case "stalled":
      case "done":
    }
  }

  #onSyn(): void {
    const isRefused = this.#world.faults.isRefusing(this.#peerHost.index);
    this.#peer = isRefused ? undefined : this.#peerHost.receiver;
    this.#transmit(this.#peer === undefined ? "reset" : "synAck", SYN_RESEND_MS);
  }

  #onSynAck(): void {
    if (this.#openerDone || !this.#openerAlive()) {
      this.#failAtPeer(0, "closed");
      return this.#finish();
    }
    this.#reader = this.#sink.newFrameReader();
    this.#world.counters.exchangeBytesSent += this.#request.length;
    this.#transmit("request", DATA_RESEND_MS);
    if (this.#reader === null) this.#endOpener(() => this.#sink.onReply(null));
  }

  #onRequest(): void {
    const sink = this.#peer!.sink;
    if (sink === undefined || !this.#peer!.process.alive) return this.#abort();
    const { counters, dice } = this.#world;
    const broken = this.#breaks === "request";
    const length = broken ? Math.floor(this.#breakAt * this.#request.length) : this.#request.length;
    const found = dice.scanInChunks(sink.newFrameReader(), this.#request, length);
    if (found === undefined) return this.#onIncompleteRequest(length, broken);
    counters.exchangesServed++;
    this.#reply = sink.onExchange(this.#openerHost.address, found);
    dice.release();
    if (this.#reader === null) return this.#finish();
    counters.exchangeBytesSent += this.#reply?.length ?? 0;
    this.#transmit("reply", DATA_RESEND_MS);
  }

  /** An opener that awaits a reply holds the connection open: the peer waits with it. */
  #onIncompleteRequest(received: number, broken: boolean): void {
    if (!broken && this.#reader !== null && !this.#openerDone) {
      this.#leg = "stalled";
      return;
    }
    if (broken) this.#world.counters.exchangesTorn++;
    this.#failAtPeer(received, "closed");
    this.#abort();
  }

  #onReply(): void {
    if (this.#openerDone || !this.#openerAlive()) return this.#finish();
    const { counters, dice } = this.#world;
    const reply = this.#reply;
    if (reply === null) return this.#endOpener(() => this.#sink.onReply(null), true);
    const length = this.#breaks === "reply" ? Math.floor(this.#breakAt * reply.length) : reply.length;
    const found = dice.scanInChunks(this.#reader!, reply, length);
    if (found === undefined) {
      counters.exchangesBroken++;
      if (this.#breaks === "reply") counters.exchangesTorn++;
      return this.#failAtOpener(broken(this.#openerHost, this.#peerHost));
    }
    counters.exchangesReplied++;
    this.#endOpener(() => this.#sink.onReply(found), true);
    dice.release();
  }

  #onDeadline(): void {
    if (this.#openerDone) return;
    this.#world.counters.exchangesTimedOut++;
    const connecting = this.#leg === "syn" || this.#leg === "synAck" || this.#leg === "reset";
    const error = timedOut(this.#openerHost, this.#peerHost, connecting);
    if (this.#leg === "stalled") this.#transmit("fin", DATA_RESEND_MS);
    this.#endOpener(() => this.#sink.onError(error));
  }

  #abort(): void {
    this.#transmit("abort", DATA_RESEND_MS);
  }

  #failAtOpener(error: TransportError): void {
    this.#endOpener(() => this.#sink.onError(error), true);
  }

  /** Ends the opener's part: exactly one result is reported, and none to the dead. */
  #endOpener(report: () => void, finished = false): void {
    const silent = this.#openerDone || !this.#openerAlive();
    this.#openerDone = true;
    this.#opener.process.disarm(this.#deadline);
    if (finished) this.#finish();
    if (!silent) report();
  }

  #failAtPeer(received: number, kind: "timeout" | "closed"): void {
    const peer = this.#peer;
    if (peer === undefined || peer.sink === undefined || !peer.process.alive) return;
    const error = kind === "closed"
      ? closed(this.#peerHost, this.#openerHost)
      : timedOut(this.#peerHost, this.#openerHost, false);
    peer.sink.onExchangeFailed(this.#openerHost.address, received, error);
  }

  #openerAlive(): boolean {
    return this.#opener.process.alive && this.#opener.sink !== undefined;
  }

  #finish(): void {
    this.#leg = "done";
    this.#world.clock.disarm(this.#segment);
  }

  #traceLeg(trace: TraceHash): void {
    trace.text(this.#leg);
    trace.float(this.#world.clock.nowMs());
    trace.int(this.#openerHost.index);
    trace.int(this.#peerHost.index);
    if (this.#leg === "request") trace.bytes(this.#request);
    if (this.#leg === "reply" && this.#reply !== null) trace.bytes(this.#reply);
  }
}

function refused(to: SimHost): TransportError {
  return new TransportError("refused", `dial tcp ${to.address}: connect: connection refused`);
}

function broken(at: SimHost, far: SimHost): TransportError {
  return new TransportError("closed", `read tcp ${at.address}->${far.address}: connection reset by peer`);
}

function closed(at: SimHost, far: SimHost): TransportError {
  return new TransportError("closed", `read tcp ${at.address}->${far.address}: EOF`);
}

function timedOut(at: SimHost, far: SimHost, connecting: boolean): TransportError {
  const what = connecting ? `dial tcp ${far.address}` : `read tcp ${at.address}->${far.address}`;
  return new TransportError("timeout", `${what}: i/o timeout`);
}
