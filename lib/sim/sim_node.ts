/** One machine of a simulated cluster: a name, an address, and the lives of the program that runs there. */
import type { Address } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import type { JoinFailure } from "../base/errors.ts";
import type { LogLevel, TransportSink } from "../base/ports.ts";
import { SeededRandom } from "../base/seeded_random.ts";
import { Timer } from "../base/timer_heap.ts";
import type { Memberlist } from "../memberlist/memberlist.ts";
import type { LifePorts, SharedTables } from "./shared_tables.ts";
import { SimLogger } from "./sim_logger.ts";
import type { SimTransport } from "./sim_network.ts";
import { SimProcess } from "./sim_process.ts";
import type { SimWorld } from "./sim_world.ts";

/** Something that happened at a node, in the words of its engine ("join", "member-failed", ...). */
export interface SimEvent {
  /** Virtual time. */
  readonly atMs: number;
  readonly type: string;
  /** Whom it is about. */
  readonly subject: string;
}

/** One run of the program under test. */
export interface SimLife {
  readonly memberlist: Memberlist;
  /** What the transport delivers to. */
  readonly sink: TransportSink;
  /** The metadata that it announces at its start. */
  readonly meta: Uint8Array;
  /** Whether it has stopped itself: then nothing needs to be true of it any more. */
  readonly quit?: boolean;
  start(): void;
  /** Ends it without a goodbye. */
  stop(): void;
  join(
    addresses: readonly Address[],
    done: (contacted: number, failures: readonly JoinFailure[]) => void,
  ): void;
  leave(done: (error?: Error) => void): void;
}

/** Makes a life of a node; called at each start. */
export type LifeFactory<L extends SimLife> = (node: SimNode<L>, ports: LifePorts) => L;

/** How a member of the cluster that blocks again and again does so. */
export interface SlowSchedule {
  /** How long it handles nothing, in milliseconds. */
  readonly blockedMs: number;
  /** How long it then runs, in milliseconds. */
  readonly runningMs: number;
  /** Whether its timers go on meanwhile, and only what it sends and receives waits. @default {false} */
  readonly timersRun?: boolean;
}

/**
 * ```
 *            start()                 crash(), shutdown()
 *   absent ----------> running ----------------------------> absent
 * ```
 * Every life has its own process, sockets and random stream; the events and log lines of all lives are kept together.
 */
export class SimNode<L extends SimLife> {
  readonly #world: SimWorld;
  readonly #makeLife: LifeFactory<L>;
  readonly #stream: string;
  #life: L | undefined = undefined;
  #transport: SimTransport | undefined = undefined;
  #process: SimProcess;
  #lives = 0;
  #slow: Timer | undefined = undefined;
  readonly logger: SimLogger;
  // Bounded: by the length of the scenario; clearEvents() empties it.
  readonly #events: SimEvent[] = [];
  /** Called after each event that is recorded: where checkers listen. */
  onEvent: ((event: SimEvent) => void) | undefined = undefined;
  #onHandled: (() => void) | undefined = undefined;
  /** Where the next life will be; changing it moves the node at its next start. */
  address: Address;

  /** @param stream names the random stream of its lives: a machine with the name of another has one of its own. */
  constructor(
    world: SimWorld,
    readonly name: string,
    address: Address,
    makeLife: LifeFactory<L>,
    logLevel: LogLevel,
    stream = name,
  ) {
    this.#world = world;
    this.#makeLife = makeLife;
    this.#stream = stream;
    this.address = address;
    this.#process = new SimProcess(world.clock);
    this.logger = new SimLogger(world.clock, logLevel);
  }

  /** Whether a life is going on. */
  get running(): boolean {
    return this.#life !== undefined;
  }

  /** The present life. @throws {AssertionError} when there is none. */
  get life(): L {
    assert(this.#life !== undefined, `${this.name} is not running`);
    return this.#life;
  }

  /** The present life's engine. @throws {AssertionError} when there is none. */
  get memberlist(): Memberlist {
    return this.life.memberlist;
  }

  /** The present (or last) life's process. */
  get process(): SimProcess {
    return this.#process;
  }

  /** How many lives have begun. */
  get lives(): number {
    return this.#lives;
  }

  /** The address as faults name it. */
  get host(): string {
    return this.address.toString();
  }

  /** Is called after everything that the node's process, of this and later lives, has handled. */
  set onHandled(listener: () => void) {
    this.#onHandled = listener;
    this.#process.onHandledListener = listener;
  }

  /** Begins a life. */
  start(): void {
    this.prepare();
    this.begin();
  }

  /** The first half of {@linkcode start}: makes the life. @param tables where it keeps what it knows of others. */
  prepare(tables?: SharedTables): void {
    assert(this.#life === undefined, `${this.name} runs already`);
    const process = this.#process = new SimProcess(this.#world.clock);
    process.onHandledListener = this.#onHandled;
    const stream = this.#lives === 0 ? this.#stream : `${this.#stream}#${this.#lives}`;
    this.#lives++;
    this.#transport = this.#world.network.attach(this.address, process);
    const random = new SeededRandom(this.#world.seed, stream);
    this.#life = this.#makeLife(this, {
      clock: process,
      random,
      transport: this.#transport,
      logger: this.logger,
      ...tables?.portsFor(random),
    });
  }

  /** The second half of {@linkcode start}. */
  begin(): void {
    this.#transport!.start(this.life.sink);
    this.life.start();
    this.#onHandled?.();
  }

  /** Ends the life as `kill -9` does: nothing is said, nothing is called any more. */
  crash(): void {
    this.#end();
  }

  /** Ends the life in order, but without leaving: the engine is stopped, then the sockets are closed. */
  shutdown(): void {
    this.life.stop();
    this.#end();
  }

  /** A crash and a new life, `downMs` later. */
  crashAndRestart(downMs: number, then: () => void = () => {}): void {
    this.crash();
    this.#world.clock.arm(
      new Timer(() => {
        this.start();
        then();
      }),
      downMs,
    );
  }

  /** Blocks the process again and again, beginning now, until {@linkcode endSlow}. */
  beginSlow(schedule: SlowSchedule): void {
    this.endSlow();
    const timer = this.#slow = new Timer(() => {
      if (schedule.timersRun === true) this.#process.muteFor(schedule.blockedMs);
      else this.#process.blockFor(schedule.blockedMs);
      this.#world.clock.arm(timer, schedule.blockedMs + schedule.runningMs);
    });
    this.#world.clock.arm(timer, 0);
  }

  /** Ends {@linkcode beginSlow}. */
  endSlow(): void {
    if (this.#slow !== undefined) this.#world.clock.disarm(this.#slow);
    this.#slow = undefined;
  }

  /** What happened here, oldest first, over all lives. */
  get events(): readonly SimEvent[] {
    return this.#events;
  }

  /** How many events there were of a type, about `subject` if given. */
  countEvents(type: string, subject?: string): number {
    let count = 0;
    for (const event of this.#events) {
      if (event.type === type && (subject === undefined || event.subject === subject)) count++;
    }
    return count;
  }

  /** Forgets what happened so far. */
  clearEvents(): void {
    this.#events.length = 0;
  }

  /** For the life: something happened. */
  record(type: string, subject: string): void {
    const event = { atMs: this.#world.clock.nowMs(), type, subject };
    this.#events.push(event);
    const trace = this.#world.trace;
    trace.text(this.name);
    trace.text(type);
    trace.text(subject);
    trace.float(event.atMs);
    this.onEvent?.(event);
  }

  #end(): void {
    assert(this.#life !== undefined, `${this.name} is not running`);
    this.endSlow();
    this.#process.kill();
    this.#transport!.close();
    this.#life = undefined;
  }
}
