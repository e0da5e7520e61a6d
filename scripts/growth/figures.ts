/** What is measured of an agent that knows n members, and what follows from it. Pure. */
import { pushPullIntervalMs } from "../../lib/memberlist/formulas.ts";
import { threeDigits } from "../bench/table.ts";
import { count, markdownTable } from "../evidence/tables.ts";

/** Between push/pulls in small clusters, as in the `lan` profile. */
const PUSH_PULL_MS = 30_000;

/** Figures of one program at one size of the cluster. */
export interface Measured {
  /** CPU milliseconds per second, at rest: probing and being probed. */
  readonly restCpuMs: number;
  /** Bytes per second of packets in both directions, at rest. */
  readonly restBytes: number;
  /** Anonymous memory in KiB. */
  readonly memoryKib: number;
  /** Wall milliseconds of one `members` request, the median. */
  readonly membersMs: number;
  /** CPU milliseconds of one push/pull: the cluster's state in, merged, and our own out. */
  readonly mergeCpuMs: number;
  /** Bytes of it in both directions. */
  readonly mergeBytes: number;
  /** CPU microseconds of a packet of gossip: eight members, known before, and a ping to answer. */
  readonly packetCpuUs: number;
}

/** One size of the cluster. */
export interface Point {
  readonly members: number;
  readonly ours: Measured;
  /** Undefined when there was nothing to compare with. */
  readonly peer: Measured | undefined;
}

/** One row of the table, one plot. */
export interface Figure {
  readonly title: string;
  readonly unit: string;
  of(measured: Measured, members: number): number;
}

/** A member starts one push/pull an interval, and is the partner of one on average. */
function pushPullsPerSecond(members: number): number {
  return 2_000 / pushPullIntervalMs(PUSH_PULL_MS, members);
}

/** In the order of the table. */
export const FIGURES: readonly Figure[] = [
  {
    title: "CPU per second",
    unit: "ms",
    of: (measured, members) => measured.restCpuMs + measured.mergeCpuMs * pushPullsPerSecond(members),
  },
  {
    title: "bytes per second",
    unit: "B",
    of: (measured, members) => measured.restBytes + measured.mergeBytes * pushPullsPerSecond(members),
  },
  { title: "anonymous memory", unit: "MiB", of: ({ memoryKib }) => memoryKib / 1024 },
  { title: "`members`, median latency", unit: "ms", of: ({ membersMs }) => membersMs },
  { title: "CPU of one push/pull", unit: "ms", of: ({ mergeCpuMs }) => mergeCpuMs },
  { title: "CPU of one packet of gossip", unit: "us", of: ({ packetCpuUs }) => packetCpuUs },
];

/** The exponent k of growth as n^k between the two largest sizes: 0 does not grow, 1 is linear. */
export function exponent(values: readonly number[], sizes: readonly number[]): number {
  const last = values.length - 1;
  if (last < 1) return NaN;
  return Math.log(values[last]! / values[last - 1]!) / Math.log(sizes[last]! / sizes[last - 1]!);
}

/** The table in Markdown. */
export function renderGrowth(points: readonly Point[]): string {
  const sizes = points.map((point) => point.members);
  const programs = (["ours", "peer"] as const).filter((who) =>
    points.every((point) => point[who] !== undefined)
  );
  const rows = FIGURES.flatMap((figure) =>
    programs.map((who) => {
      const values = points.map((point) => figure.of(point[who]!, point.members));
      const name = who === "ours" ? `${figure.title}, ${figure.unit}` : "HashiCorp's";
      return [name, ...values.map(threeDigits), `n^${exponent(values, sizes).toFixed(2)}`];
    })
  );
  return markdownTable(["members", ...sizes.map(count), "grows as"], rows);
}
