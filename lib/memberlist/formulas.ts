/** The formulas by which memberlist scales with the size of the cluster. Pure. Source: protocol.md C.7, C.12, C.13. */

/** Cluster size up to which push/pulls keep their plain interval. */
const PUSH_PULL_SCALE_THRESHOLD = 32;

/**
 * How many times a broadcast is handed out: `mult * ceil(log10(n + 1))`; 4 for 1 to 9 nodes on a LAN.
 * Every infected node passes a rumour on O(log n) times, after which the rest has it with high probability (SWIM section 4.1).
 *
 * @param n nodes known, the recently dead included.
 */
export function retransmitLimit(mult: number, n: number): number {
  // Counted in integers: a float logarithm may say 3.0000000000000004 for 1000.
  let digits = 0;
  for (let power = 1; power < n + 1; power *= 10) digits++;
  return mult * digits;
}

/**
 * The least time that a suspicion lasts: `mult * floor(1000 * max(1, log10(max(1, n)))) / 1000 * probeInterval`.
 * With k = 0 (clusters below four on a LAN) it is the only one: 4 s.
 */
export function suspicionMinMs(mult: number, n: number, probeIntervalMs: number): number {
  const nodeScale = Math.max(1, Math.log10(Math.max(1, n)));
  return mult * Math.floor(nodeScale * 1000) * probeIntervalMs / 1000;
}

/**
 * How many independent confirmations bring a suspicion down to its least time (Lifeguard IV-B, "K"):
 * `mult - 2`, or 0 when fewer than that could confirm at all (all but the suspect and ourselves).
 */
export function suspicionConfirmationsMax(mult: number, n: number): number {
  const k = mult - 2;
  return k < 1 || n - 2 < k ? 0 : k;
}

/**
 * How long a suspicion lasts from its start, with `confirmations` of the `k` possible:
 * `max(min, floor(max - (max - min) * ln(c + 1) / ln(k + 1)))` (Lifeguard IV-B). Milliseconds.
 */
export function suspicionTimeoutMs(minMs: number, maxMs: number, k: number, confirmations: number): number {
  if (k < 1) return minMs;
  const fraction = Math.log(confirmations + 1) / Math.log(k + 1);
  return Math.max(minMs, Math.floor(maxMs - fraction * (maxMs - minMs)));
}

/**
 * The interval of push/pulls: plain up to 32 nodes, then `interval * (ceil(log2 n - log2 32) + 1)`, so that the
 * whole cluster's traffic of full states does not grow with the square of its size: 33 nodes double, 65 treble it.
 */
export function pushPullIntervalMs(intervalMs: number, n: number): number {
  let scale = 1;
  for (let size = PUSH_PULL_SCALE_THRESHOLD; size < n; size *= 2) scale++;
  return intervalMs * scale;
}
