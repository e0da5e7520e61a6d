/**
 * The thread of a packet switch: takes each packet that a host sends, and brings it to the host of its destination, as the
 * link between the two would. It waits in `poll`, so that no event loop makes packets late.
 *
 * Hosts are told apart by the last byte of their addresses: host i of n has i + 1.
 */
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { Timer, TimerHeap } from "../../lib/base/timer_heap.ts";
import { type Libc, openLibc } from "./libc.ts";
import { LinkTable } from "./link_table.ts";

/** What a switch begins with. */
export interface SwitchOrder {
  readonly hosts: number;
  readonly memory: SharedArrayBuffer;
  /** The interfaces' files, by host. They stay their owner's. */
  readonly files: readonly number[];
  readonly seed: number;
}

const POLLIN = 1;
/** `struct pollfd`: the file, what is waited for, what has come. */
const POLL_BYTES = 8;
const PACKET_BYTES_MAX = 65_536;
/** How long the thread sleeps at most: so late it sees that it shall end. */
const WAIT_MS_MAX = 50;
/** Offsets in an IPv4 header. */
const SOURCE_END = 15, DESTINATION_END = 19;

class PacketSwitch {
  readonly #libc: Libc;
  readonly #table: LinkTable;
  readonly #files: readonly number[];
  readonly #random: SeededRandom;
  /** bounded: by what the hosts send within the longest delay. */
  readonly #late = new TimerHeap();
  readonly #polled: DataView<ArrayBuffer>;
  readonly #packet = new Uint8Array(PACKET_BYTES_MAX);
  /** When the last packet of a link leaves. bounded: one for each pair of hosts. */
  readonly #lastDueMs: Float64Array;

  constructor(libc: Libc, order: SwitchOrder) {
    this.#libc = libc;
    this.#table = new LinkTable(order.hosts, order.memory);
    this.#files = order.files;
    this.#random = new SeededRandom(order.seed, "switch");
    this.#lastDueMs = new Float64Array(order.hosts * order.hosts);
    this.#polled = new DataView(new ArrayBuffer(POLL_BYTES * order.files.length));
    order.files.forEach((file, i) => {
      this.#polled.setInt32(POLL_BYTES * i, file, true);
      this.#polled.setInt16(POLL_BYTES * i + 4, POLLIN, true);
    });
  }

  /** Forwards until the table says stop. */
  run(): void {
    while (!this.#table.isStopped) {
      this.#libc.symbols.poll(this.#polled.buffer, BigInt(this.#files.length), this.#waitMs());
      for (let host = 0; host < this.#files.length; host++) {
        if (this.#polled.getInt16(POLL_BYTES * host + 6, true) !== 0) this.#drain(host);
      }
      const nowMs = performance.now();
      for (let due = this.#late.popDue(nowMs); due !== undefined; due = this.#late.popDue(nowMs)) {
        due.onTimer();
      }
    }
  }

  #waitMs(): number {
    const next = this.#late.peek();
    if (next === undefined) return WAIT_MS_MAX;
    return Math.min(WAIT_MS_MAX, Math.max(0, Math.ceil(next.deadlineMs - performance.now())));
  }

  #drain(from: number): void {
    for (;;) {
      const length = Number(
        this.#libc.symbols.read(this.#files[from]!, this.#packet, BigInt(PACKET_BYTES_MAX)),
      );
      if (length <= 0) return;
      this.#onPacket(from, this.#packet.subarray(0, length));
    }
  }

  /** @param packet borrowed for the call. */
  #onPacket(from: number, packet: Uint8Array<ArrayBuffer>): void {
    const isIpv4 = packet[0]! >> 4 === 4;
    const to = packet[DESTINATION_END]! - 1;
    // What a host's own stack says unasked, as IPv6 does, has no way here.
    if (!isIpv4 || packet[SOURCE_END] !== from + 1 || to < 0 || to >= this.#files.length) return;
    const table = this.#table;
    // All dice are rolled for every packet, so that one condition does not change another's luck.
    const isLost = this.#random.uniform() < table.condition(from, to, "lossRatio");
    const isTwice = this.#random.uniform() < table.condition(from, to, "duplicateRatio");
    const jitterMs = this.#random.uniform() * table.condition(from, to, "jitterMs");
    if (isLost) return table.count(from, to, "lost");
    table.count(from, to, "forwarded");
    const delayMs = table.condition(from, to, "delayMs") + jitterMs;
    this.#forward(from, to, packet, delayMs);
    if (!isTwice) return;
    table.count(from, to, "duplicated");
    this.#forward(from, to, packet, delayMs);
  }

  #forward(from: number, to: number, packet: Uint8Array<ArrayBuffer>, delayMs: number): void {
    if (delayMs === 0) return this.#write(to, packet);
    this.#table.count(from, to, "delayed");
    const dueMs = performance.now() + delayMs;
    const link = from * this.#table.hosts + to;
    if (dueMs < this.#lastDueMs[link]!) this.#table.count(from, to, "overtaken");
    else this.#lastDueMs[link] = dueMs;
    const kept = packet.slice();
    this.#late.set(new Timer(() => this.#write(to, kept)), dueMs);
  }

  /** A host that is down, or whose queue is full, does not get it: as everywhere. */
  #write(to: number, packet: Uint8Array<ArrayBuffer>): void {
    this.#libc.symbols.write(this.#files[to]!, packet, BigInt(packet.length));
  }
}

function serve(order: SwitchOrder): void {
  const libc = openLibc();
  try {
    new PacketSwitch(libc, order).run();
  } finally {
    libc.close();
  }
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<SwitchOrder>) => void) | null;
  postMessage(said: string): void;
}

const scope = globalThis as unknown as WorkerScope;
if (typeof scope.postMessage === "function") {
  scope.onmessage = ({ data }) => {
    serve(data);
    scope.postMessage("ended");
  };
}
