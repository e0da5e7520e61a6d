/**
 * What eager gossip does: how long news takes to reach a share of the members, what it misses, and what it costs, with
 * and without it, by gossip alone in the simulator. Prints the tables of docs/evidence.md.
 *
 *     deno run --allow-env=NO_COLOR scripts/gossip_table.ts [MEMBERS,...]
 */
import { RumourMill, type RumourOutcome } from "../lib/sim/experiments/rumours.ts";

const SHARES = [0.5, 0.99, 0.9999, 1] as const;
const LOSSES = [0, 0.25, 0.5] as const;
const SEED = 1;

/** Pieces of news told one after the other; more where there are fewer to hear each. */
function roundsFor(members: number): number {
  return members <= 100 ? 400 : members <= 1000 ? 15 : 3;
}

/** A share's time in whole milliseconds, or a dash when fewer ever heard. */
function timeOf({ timesMs, pairs }: RumourOutcome, share: number): string {
  const ms = timesMs[Math.ceil(pairs * share) - 1];
  return ms === undefined ? "-" : ms.toFixed(0);
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** One table row: `rounds` times `tell`, each followed by a rest. */
function measure(
  mill: RumourMill,
  rounds: number,
  tell: () => void,
): { times: string[]; missed: string; packets: number; bytes: number } {
  for (let round = 0; round < rounds; round++) {
    tell();
    // Every moment between two ticks gets its turn.
    mill.runFor(8_000 + round * 37 % 200);
  }
  const outcome = mill.settle();
  return {
    times: SHARES.map((share) => timeOf(outcome, share)),
    missed: `${((1 - outcome.timesMs.length / outcome.pairs) * 100).toFixed(3)} %`,
    packets: outcome.packetsPerNode / rounds,
    bytes: outcome.bytesPerNode / rounds,
  };
}

const SCENES: readonly (readonly [string, (members: number) => number, (mill: RumourMill) => void])[] = [
  ["one piece of news after a rest", roundsFor, (mill) => mill.tell()],
  [
    "a burst of 100 by one member",
    (members) => Math.max(1, roundsFor(members) / 40),
    (mill) => mill.tell(100),
  ],
  [
    "10 within 100 ms, each by another member",
    (members) => Math.max(2, roundsFor(members) / 10),
    (mill) => {
      for (let i = 0; i < 10; i++) {
        mill.tell();
        mill.runFor(10);
      }
    },
  ],
];

const sizes = (Deno.args[0] ?? "30,1000,10000").split(",").map(Number);
for (const [title, rounds, tell] of SCENES) {
  console.log(`\n${title}:\n`);
  console.log(
    row(["members", "loss", "gossip", "50 %", "99 %", "99.99 %", "100 %", "missed", "packets", "bytes"]),
  );
  console.log(row(["--:", "--:", "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:"]));
  for (const size of sizes) {
    for (const lossRatio of LOSSES) {
      for (const eagerGossip of [false, true]) {
        const mill = new RumourMill({ seed: SEED, size, options: { eagerGossip } });
        mill.lossRatio = lossRatio;
        const { times, missed, packets, bytes } = measure(mill, Math.round(rounds(size)), () => tell(mill));
        const name = eagerGossip ? "eager" : "ticks";
        const cost = [packets.toFixed(2), bytes.toFixed(0)];
        console.log(row([size, `${lossRatio * 100} %`, name, ...times, missed, ...cost]));
      }
    }
  }
}
