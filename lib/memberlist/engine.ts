/** What the parts of one memberlist share. The facade makes it once and hands it to each of them. */
import type { LogLimiter } from "../base/log_limiter.ts";
import type { MetricsSink } from "../base/metrics.ts";
import type { CorePorts } from "../base/ports.ts";
import type { AckRegistry } from "./ack_registry.ts";
import type { Awareness } from "./awareness.ts";
import type { BroadcastQueue } from "./broadcast_queue.ts";
import type { MemberlistCounters } from "./counters.ts";
import type { MemberlistDelegate } from "./delegate.ts";
import type { Listeners } from "./listeners.ts";
import type { NodeState } from "./node_state.ts";
import type { NodeDirectory } from "./node_table.ts";
import type { MemberlistOptions } from "./options.ts";
import type { RoundTrips } from "./round_trips.ts";

/** Ports, options and the passive collaborators: none of them calls a part. */
export interface Engine extends CorePorts {
  readonly options: MemberlistOptions;
  readonly delegate: MemberlistDelegate;
  /** Ourselves. In the table once started. */
  readonly local: NodeState;
  /** What port 0 in a message stands for. */
  readonly bindPort: number;
  readonly table: NodeDirectory;
  readonly queue: BroadcastQueue;
  readonly awareness: Awareness;
  readonly acks: AckRegistry;
  readonly roundTrips: RoundTrips;
  readonly listeners: Listeners;
  readonly counters: MemberlistCounters;
  readonly metrics: MetricsSink;
  /** For every line that a stranger's packet can cause. */
  readonly strangers: LogLimiter;
}
