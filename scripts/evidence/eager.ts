/**
 * What eager gossip does: how long news takes to reach a share of the members, what it misses, and what it costs, with
 * and without it, by gossip alone in the simulator.
 */
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { reachedMs } from "../../lib/sim/experiments/arrivals.ts";
import { RumourMill, type RumourOutcome } from "../../lib/sim/experiments/rumours.ts";
import { count, markdownTable, percent, type Progress } from "./tables.ts";

const SIZES = [30, 1_000, 10_000] as const;
const SHARES = [0.5, 0.99, 0.9999, 1] as const;
const LOSSES = [0, 0.25, 0.5] as const;
const SEED = 1;
/** Of a steady load. */
const NEWS_PER_SECOND = [1, 5, 20] as const;

/** What happens again and again, each time after a rest. */
interface Scene {
  readonly title: string;
  /** The largest cluster in which it is played. */
  readonly sizeMax: number;
  readonly rounds: (members: number) => number;
  readonly tell: (mill: RumourMill) => void;
}

const SCENES: readonly Scene[] = [
  {
    title: "One piece of news after a rest",
    sizeMax: 10_000,
    rounds: (members) => members <= 100 ? 400 : members <= 1000 ? 15 : 5,
    tell: (mill) => mill.tell(),
  },
  {
    title: "A burst of 100 by one member",
    sizeMax: 1_000,
    rounds: (members) => members <= 100 ? 10 : 1,
    tell: (mill) => mill.tell(100),
  },
  {
    title: "Ten within 100 ms, each by another member",
    sizeMax: 1_000,
    rounds: (members) => members <= 100 ? 40 : 2,
    tell: (mill) => {
      for (let i = 0; i < 10; i++) {
        mill.tell();
        mill.runFor(10);
      }
    },
  },
  ...NEWS_PER_SECOND.map((rate): Scene => ({
    title: `At random moments, ${rate === 1 ? "one" : rate} a second, a hundred in all`,
    sizeMax: 1_000,
    rounds: (members) => members <= 100 ? 5 : 1,
    tell: (mill) => {
      const random = new SeededRandom(SEED, "moments");
      for (let i = 0; i < 100; i++) {
        mill.tell();
        mill.runFor(-Math.log(1 - random.uniform()) * 1_000 / rate);
      }
    },
  })),
];

/** @returns the tables. */
export function eagerTables(progress: Progress): string {
  return SCENES.map((scene) => `${scene.title}:\n\n${tableOf(scene, progress)}`).join("\n\n");
}

function tableOf(scene: Scene, progress: Progress): string {
  const rows: string[][] = [];
  for (const members of SIZES.filter((size) => size <= scene.sizeMax)) {
    for (const lossRatio of LOSSES) {
      for (const eagerGossip of [false, true]) {
        const row = play(scene, members, lossRatio, eagerGossip);
        progress(row.join("  "));
        rows.push(row);
      }
    }
  }
  const shares = SHARES.map((share) => `${share * 100} % have it`);
  const head = ["gossip", "members", "loss", ...shares, "never by gossip", "messages", "packets", "bytes"];
  return markdownTable(head, rows);
}

function play({ rounds, tell }: Scene, members: number, lossRatio: number, eagerGossip: boolean): string[] {
  const mill = new RumourMill({ seed: SEED, size: members, options: { eagerGossip } });
  mill.lossRatio = lossRatio;
  const times = rounds(members);
  for (let round = 0; round < times; round++) {
    tell(mill);
    // Every moment between two ticks gets its turn.
    mill.runFor(8_000 + round * 37 % 200);
  }
  const outcome = mill.settle();
  return [
    eagerGossip ? "eager" : "ticks",
    count(members),
    `${lossRatio * 100} %`,
    ...SHARES.map((share) => timeOf(outcome, share)),
    percent(outcome.pairs - outcome.timesMs.length, outcome.pairs),
    (outcome.messagesPerNode / times).toFixed(1),
    (outcome.packetsPerNode / times).toFixed(2),
    count(outcome.bytesPerNode / times),
  ];
}

/** A share's time in whole milliseconds, or a dash when fewer ever heard. */
function timeOf({ timesMs, pairs }: RumourOutcome, share: number): string {
  const ms = reachedMs(timesMs, pairs, share);
  return ms === undefined ? "-" : `${count(ms)} ms`;
}
