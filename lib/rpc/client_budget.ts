/**
 * What all clients together make the server hold: answers and records that they do not fetch, requests that they do not
 * complete. Each connection has bounds of its own; this one is for many connections at once.
 *
 * ```
 *   total <= calm    nobody is watched
 *   total >  calm    whoever holds much, and for a second neither fetches nor sends, is dropped: largest first, until calm
 *   total >  max     the largest are dropped in the same turn, whatever they do
 * ```
 */
import type { Clock } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";

/** The bounds, in bytes. */
export interface BudgetLimits {
  readonly calmBytes: number;
  /** What one request of one client adds may come on top of it for a moment. */
  readonly bytesMax: number;
}

/** Half of it is enough for 240 clients that each ask for a thousand members and wait. */
export const BUDGET_LIMITS: BudgetLimits = Object.freeze({ calmBytes: 32 << 20, bytesMax: 64 << 20 });

/** How long a client may do nothing while the total is not calm. */
const STALL_MS = 1_000;
/** Up to here a client is not worth dropping unless there is no larger one. */
const SMALL_BYTES = 1 << 16;

/** What the budget wants to know of a client, and may do to it. */
export interface BudgetedClient {
  /** What is held for it now. */
  readonly heldBytes: number;
  /** What it has fetched and sent since it came. Only grows. */
  readonly movedBytes: number;
  /** Ends its connection; called once. `heldBytes` need not fall. */
  drop(): void;
}

/** One per server. */
export class ClientBudget {
  readonly #clock: Clock;
  readonly #limits: BudgetLimits;
  /** bounded: one for each connection, which the server bounds. */
  readonly #accounts = new Set<ClientAccount>();
  readonly #stallTimer = new Timer(() => this.#dropStalled());
  /** Sum of what the accounts knew last; less may be held by now. */
  #totalBytes = 0;
  #isWatching = false;
  #isOver = false;

  constructor(clock: Clock, limits: BudgetLimits = BUDGET_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Sum of what the accounts knew last. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** How many have an account. */
  get clientCount(): number {
    return this.#accounts.size;
  }

  /** A new client. Its account must be closed when it goes. */
  open(client: BudgetedClient): ClientAccount {
    const account = new ClientAccount(client, this);
    this.#accounts.add(account);
    return account;
  }

  /** For {@linkcode ClientAccount} alone. Drops nobody before it returns: the caller is in the middle of something. */
  add(bytes: number): void {
    this.#totalBytes += bytes;
    if (bytes <= 0 || this.#totalBytes <= this.#limits.calmBytes) return;
    if (!this.#isWatching) this.#watch();
    if (this.#isOver || this.#totalBytes <= this.#limits.bytesMax) return;
    this.#isOver = true;
    queueMicrotask(() => {
      this.#isOver = false;
      this.#dropUntil(this.#limits.bytesMax, () => true);
    });
  }

  /** For {@linkcode ClientAccount} alone. */
  remove(account: ClientAccount): void {
    this.#accounts.delete(account);
  }

  #watch(): void {
    this.#isWatching = true;
    for (const account of this.#accounts) account.markMoved();
    this.#clock.arm(this.#stallTimer, STALL_MS);
  }

  #dropStalled(): void {
    this.#dropUntil(
      this.#limits.calmBytes,
      (account) => account.heldBytes > SMALL_BYTES && !account.hasMoved,
    );
    if (this.#totalBytes > this.#limits.calmBytes) this.#watch();
    else this.#isWatching = false;
  }

  #dropUntil(targetBytes: number, isCandidate: (account: ClientAccount) => boolean): void {
    for (const account of this.#accounts) account.update();
    if (this.#totalBytes <= targetBytes) return;
    const candidates = [...this.#accounts].filter(isCandidate).sort((a, b) => b.heldBytes - a.heldBytes);
    for (const account of candidates) {
      if (this.#totalBytes <= targetBytes) return;
      account.close();
      account.client.drop();
    }
  }
}

/** What one client holds of a {@linkcode ClientBudget}. */
export class ClientAccount {
  readonly client: BudgetedClient;
  readonly #budget: ClientBudget;
  #heldBytes = 0;
  #movedMark = 0;
  #isClosed = false;

  /** Use {@linkcode ClientBudget.open}. */
  constructor(client: BudgetedClient, budget: ClientBudget) {
    this.client = client;
    this.#budget = budget;
  }

  /** What the client held when it was asked last. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether it has fetched or sent anything since {@linkcode markMoved}. */
  get hasMoved(): boolean {
    return this.client.movedBytes !== this.#movedMark;
  }

  markMoved(): void {
    this.#movedMark = this.client.movedBytes;
  }

  /** To be called whenever the client may hold more. */
  update(): void {
    if (this.#isClosed) return;
    const before = this.#heldBytes;
    this.#heldBytes = this.client.heldBytes;
    if (this.#heldBytes !== before) this.#budget.add(this.#heldBytes - before);
  }

  /** The client is gone. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#budget.remove(this);
    this.#budget.add(-this.#heldBytes);
    this.#heldBytes = 0;
  }
}
