/** Measuring programs in turns, so that what the machine does meanwhile meets all of them. */
import { median } from "./measure.ts";
import type { Goal, Row } from "./table.ts";

/** Takes one figure of one program again and again. */
export interface Meter {
  sample(): Promise<number>;
}

/** A program under measurement, and the addresses that its agents have for themselves. */
export interface Side {
  readonly role: "ours" | "peer" | "floor";
  readonly binary: string;
  /** Three bytes of an IPv4 address, as text: `127.0.60`. */
  readonly network: string;
}

/** How much is measured. */
export interface Effort {
  /** Multiplies the operations of a sample. */
  readonly scale: number;
  readonly isQuick: boolean;
  /** On the monotonic clock: nothing more is begun after it. */
  readonly untilMs: number;
}

/** What a row of the table says, and how often it is measured. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly goal: Goal;
  readonly rounds: number;
  readonly quickRounds: number;
}

/** Meters of one program that share what runs behind them. */
export interface OpenedGroup {
  /** In the order of the group's figures. */
  readonly meters: readonly Meter[];
  close(): Promise<void>;
}

/** Figures that are taken from the same running processes. */
export interface Group {
  /** For `--only`. */
  readonly name: string;
  /** Who is measured besides us. */
  readonly roles: readonly Side["role"][];
  readonly figures: readonly Figure[];
  open(side: Side, effort: Effort): Promise<OpenedGroup>;
}

/** Opens the group for all sides, and measures each figure: ours, theirs, ours, theirs ... @returns the rows. */
export async function measureGroup(
  group: Group,
  sides: readonly Side[],
  effort: Effort,
  onRow: (row: Row) => void,
): Promise<void> {
  const opened: OpenedGroup[] = [];
  const measured = sides.filter((side) => group.roles.includes(side.role));
  try {
    for (const side of measured) opened.push(await group.open(side, effort));
    for (const [index, figure] of group.figures.entries()) {
      if (performance.now() > effort.untilMs) return console.error(`left out, for time: ${figure.what}`);
      const meters = opened.map((each) => each.meters[index]!);
      const medians = await alternate(meters, effort.isQuick ? figure.quickRounds : figure.rounds);
      const figureOf = (role: Side["role"]) =>
        medians[measured.findIndex((side) => side.role === role)] ?? NaN;
      const { what, unit, goal } = figure;
      onRow({ what, unit, goal, ours: figureOf("ours"), peer: figureOf("peer"), floor: figureOf("floor") });
    }
  } finally {
    for (const each of opened) await each.close();
  }
}

/** Samples all meters in turns, `rounds` times. @returns each one's median. */
export async function alternate(meters: readonly Meter[], rounds: number): Promise<number[]> {
  const samples: number[][] = meters.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, meter] of meters.entries()) samples[index]!.push(await meter.sample());
  }
  return samples.map(median);
}
