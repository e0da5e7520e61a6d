/** What a run costs the members: what they send, and what waits in their queues. */
import type { SimCluster } from "../sim_cluster.ts";
import type { SerfLife } from "../serf_life.ts";

/** What one member sends in one second, on average. Bytes are those of payloads, before compression. */
export interface Traffic {
  readonly packets: number;
  readonly packetBytes: number;
  /** Requests and replies of TCP, in bytes, and the connections opened. */
  readonly streams: number;
  readonly streamBytes: number;
}

/** Messages waiting in one queue of a member: on average over members and time, and the most ever seen. */
export interface QueueDepth {
  readonly mean: number;
  readonly max: number;
}

/** The queues by their names: memberlist's own, and Serf's three. */
export const QUEUES = ["membership", "intent", "event", "query"] as const;
export type QueueName = typeof QUEUES[number];

/** Looks at the cluster now and then, and at the network in the end. */
export class LoadMeter {
  readonly #cluster: SimCluster<SerfLife>;
  readonly #before: number[];
  readonly #sums: number[] = QUEUES.map(() => 0);
  readonly #maxima: number[] = QUEUES.map(() => 0);
  #samples = 0;
  #memberMs = 0;

  /** Begins to count. */
  constructor(cluster: SimCluster<SerfLife>) {
    this.#cluster = cluster;
    this.#before = this.#readings();
  }

  /** Looks. @param sinceMs the time since the last look, over which whoever runs now is taken to have run. */
  sample(sinceMs: number): void {
    for (const node of this.#cluster.nodes) {
      if (!node.running) continue;
      this.#memberMs += sinceMs;
      this.#samples++;
      const { memberlist, life } = node;
      const { intentQueue, eventQueue, queryQueue } = life.serf.sizes;
      this.#note(0, memberlist.sizes.news);
      this.#note(1, intentQueue);
      this.#note(2, eventQueue);
      this.#note(3, queryQueue);
    }
  }

  get traffic(): Traffic {
    const seconds = Math.max(this.#memberMs, 1) / 1_000;
    const [packets, packetBytes, streams, streamBytes] = this.#readings().map((reading, index) =>
      (reading - this.#before[index]!) / seconds
    );
    return { packets: packets!, packetBytes: packetBytes!, streams: streams!, streamBytes: streamBytes! };
  }

  get queues(): Readonly<Record<QueueName, QueueDepth>> {
    const depth = (index: number) => ({
      mean: this.#sums[index]! / Math.max(1, this.#samples),
      max: this.#maxima[index]!,
    });
    return { membership: depth(0), intent: depth(1), event: depth(2), query: depth(3) };
  }

  #note(index: number, depth: number): void {
    this.#sums[index]! += depth;
    if (depth > this.#maxima[index]!) this.#maxima[index] = depth;
  }

  #readings(): number[] {
    const { packetsSent, packetBytesSent, exchangesOpened, exchangeBytesSent } =
      this.#cluster.world.network.counters;
    return [packetsSent, packetBytesSent, exchangesOpened, exchangeBytesSent];
  }
}
