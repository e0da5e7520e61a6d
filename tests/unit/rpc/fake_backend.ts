/** An agent that only remembers what it was asked. */
import { decodeGoBase64 } from "../../../lib/agent/go_base64.ts";
import { JoinError } from "../../../lib/base/errors.ts";
import { NO_METRICS } from "../../../lib/base/metrics.ts";
import { type Clock, type Logger, LogLevel } from "../../../lib/base/ports.ts";
import type { Timer } from "../../../lib/base/timer_heap.ts";
import { formatLogLine } from "../../../lib/agent/log_format.ts";
import { LogRing } from "../../../lib/agent/log_ring.ts";
import type { Coordinate } from "../../../lib/coordinate/coordinate.ts";
import type { RpcBackend } from "../../../lib/rpc/rpc_backend.ts";
import type { SerfEvent } from "../../../lib/serf/events.ts";
import type { KeyResult } from "../../../lib/serf/key_manager.ts";
import { type Member, MemberStatus } from "../../../lib/serf/member.ts";
import type { QuerySink, RunningQuery } from "../../../lib/serf/query_collector.ts";
import type { QueryParams } from "../../../lib/serf/query_sender.ts";

/** When everything is logged: 2026/11/23 03:44:02. */
const WALL_MS = new Date(2026, 10, 23, 3, 44, 2).getTime();

/** A member as a table would have it. */
export function fakeMember(name: string, overrides: Partial<Member> = {}): Member {
  return {
    name,
    ip: Uint8Array.of(127, 0, 20, 1),
    port: 0xb4e1,
    tags: new Map(),
    status: MemberStatus.alive,
    versions: { pMin: 1, pMax: 5, pCur: 2, dMin: 2, dMax: 5, dCur: 5 },
    revision: 1,
    ...overrides,
  };
}

/** Time that passes when a test says so. */
export class FakeClock implements Clock {
  now = 1000;
  readonly timers = new Set<Timer>();
  nowMs = () => this.now;
  wallMs = () => this.now;
  arm(timer: Timer, _delayMs: number): void {
    this.timers.add(timer);
  }
  disarm(timer: Timer): void {
    this.timers.delete(timer);
  }
  /** Fires all that is armed. */
  expire(): void {
    for (const timer of [...this.timers]) {
      this.timers.delete(timer);
      timer.onTimer();
    }
  }
}

export class FakeBackend implements RpcBackend {
  list: Member[] = [fakeMember("x", { tags: new Map([["role", "web"], ["dc", "east"]]) })];
  readonly calls: unknown[][] = [];
  /** Every line, whatever its level. */
  readonly lines: string[] = [];
  readonly logRing = new LogRing();
  readonly metrics = NO_METRICS;
  readonly logger: Logger = {
    enabled: () => true,
    log: (level, text) => this.log(level, text),
  };
  /** What the next asynchronous call waits for. */
  gate: Promise<void> = Promise.resolve();
  /** What asynchronous calls fail with. */
  failure: Error | undefined;
  coordinates = new Map<string, Coordinate>();
  statistics: Record<string, Record<string, string>> = { agent: { name: "x" }, event_handlers: {} };
  /** What each request about keys comes to. */
  keyResult: KeyResult = {
    messages: new Map(),
    keys: new Map(),
    nodeCount: 1,
    errorCount: 0,
    responseCount: 1,
    error: "",
  };
  readonly keys = {
    install: (key: string, done: (result: KeyResult) => void) => this.#keysCalled(done, "install", key),
    use: (key: string, done: (result: KeyResult) => void) => this.#keysCalled(done, "use", key),
    remove: (key: string, done: (result: KeyResult) => void) => this.#keysCalled(done, "remove", key),
    list: (done: (result: KeyResult) => void) => this.#keysCalled(done, "list"),
  };
  /** Where the results of queries go, in their order. */
  readonly querySinks: QuerySink[] = [];
  #listeners = new Set<(event: SerfEvent) => void>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  log(level: LogLevel, text: string): void {
    this.lines.push(formatLogLine(WALL_MS, level, text));
    this.logRing.push(WALL_MS, level, text);
  }

  emit(event: SerfEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  members(): readonly Member[] {
    return this.list;
  }
  async join(addresses: readonly string[], replay: boolean): Promise<number> {
    await this.#called("join", [...addresses], replay);
    if (addresses[0] === "nowhere") {
      throw new JoinError([{ text: "Failed to join nowhere: no", cause: new Error("no") }]);
    }
    return addresses.length;
  }
  leave(): Promise<void> {
    return this.#called("leave");
  }
  forceLeave(node: string, prune: boolean): Promise<void> {
    return this.#called("forceLeave", node, prune);
  }
  setTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void> {
    return this.#called("setTags", new Map(set), [...remove]);
  }
  stats() {
    return this.statistics;
  }
  coordinateOf(node: string): Coordinate | undefined {
    return this.coordinates.get(node);
  }
  userEvent(name: string, payload: Uint8Array, coalesce: boolean): void {
    this.calls.push(["userEvent", name, payload.slice(), coalesce]);
    if (this.failure !== undefined) throw this.failure;
  }
  query(name: string, payload: Uint8Array, params: QueryParams, sink: QuerySink): RunningQuery {
    this.calls.push(["query", name, payload.slice(), params]);
    if (this.failure !== undefined) throw this.failure;
    this.querySinks.push(sink);
    return { cancel: () => void this.calls.push(["cancel", name]) };
  }
  onEvent(listener: (event: SerfEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  shutdown(): void {
    this.calls.push(["shutdown"]);
  }

  #keysCalled(done: (result: KeyResult) => void, what: string, key?: string): void {
    if (key !== undefined) decodeGoBase64(key);
    this.calls.push(key === undefined ? [what] : [what, key]);
    if (this.failure !== undefined) throw this.failure;
    void this.gate.then(() => done(this.keyResult));
  }

  async #called(...call: unknown[]): Promise<void> {
    this.calls.push(call);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
  }
}
