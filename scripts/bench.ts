/**
 * Compares our agent with HashiCorp's, side by side in one run, and prints ratios: absolute times mean little on a
 * shared machine. CPU figures are CPU time of the agent, from the kernel.
 *
 *     deno task bench [--against PATH] [--quick]
 */
import { THEIRS } from "../tests/support/binaries.ts";
import {
  agentMemory,
  emptyMemory,
  idleCpuPercent,
  pingCost,
  requestCost,
  startToEnd,
  withQuietAgent,
} from "./bench/cases.ts";
import { renderRows, type Row } from "./bench/measure.ts";
import { eventSpreadMs, failureSpreadMs } from "./bench/spread.ts";
import { prepareSubjects } from "./bench/subjects.ts";

const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const quick = Deno.args.includes("--quick");
const against = Deno.args.includes("--against") ? Deno.args[Deno.args.indexOf("--against") + 1] : THEIRS;
const subjects = await prepareSubjects(ROOT, against);
const scale = quick ? 0.1 : 1;
const rows: Row[] = [];

/** Measures both programs, one after the other, and notes the row. */
async function compare(
  what: string,
  unit: string,
  ratioMax: number,
  measure: (binary: string, host: string) => Promise<number>,
): Promise<void> {
  const ours = await measure(subjects.ours, "127.0.60.1");
  const peer = subjects.peer === undefined ? NaN : await measure(subjects.peer, "127.0.60.2");
  const row = { what, unit, ours, peer, ratioMax };
  rows.push(row);
  console.error(renderRows([row]).split("\n")[1]);
}

const pings = Math.round(40_000 * scale);
await compare("CPU per ping, plain", "us", 1 / 3, (b, h) => pingCost(b, h, pings, false));
await compare("CPU per ping, encrypted", "us", 1 / 3, (b, h) => pingCost(b, h, pings, true));
const requests = Math.round(200_000 * scale);
await compare("CPU per `members`, 1 member", "us", 1, (b, h) => requestCost(b, h, "members", 1, requests));
await compare(
  "CPU per `members`, 1001 members",
  "us",
  1,
  (b, h) => requestCost(b, h, "members", 1001, Math.round(2_000 * scale)),
);
await compare("CPU per `stats`", "us", 1, (b, h) => requestCost(b, h, "stats", 1, requests / 2));
const idleMs = quick ? 5_000 : 30_000;
await compare(
  "idle CPU per agent in a cluster of 10",
  "%",
  1,
  (b) => idleCpuPercent(b, b === subjects.ours ? "127.0.61" : "127.0.62", 10, idleMs),
);
const network = (binary: string) => binary === subjects.ours ? "127.0.63" : "127.0.64";
await compare(
  "user event until stream clients of 10 agents have it",
  "ms",
  0.1,
  (b) => eventSpreadMs(b, network(b), 10, quick ? 5 : 30),
);
await compare(
  "`kill -9` until the other 9 agents report it",
  "ms",
  0.8,
  (b) => failureSpreadMs(b, network(b), 10, quick ? 1 : 10),
);

// The floor of these two is an empty program compiled the same way: the runtime itself.
const [empty, members] = await withQuietAgent(
  subjects.ours,
  "127.0.60.3",
  () =>
    startToEnd([[subjects.empty], [subjects.ours, "members", "-rpc-addr=127.0.60.3:7373"]], quick ? 10 : 40),
);
rows.push({
  what: "`serf members` start to end (peer: an empty program)",
  unit: "ms",
  ours: members!,
  peer: empty!,
  ratioMax: 1.25,
});
const [mine, floor] = [await agentMemory(subjects.ours, "127.0.60.4"), await emptyMemory(subjects.empty)];
rows.push({
  what: "anonymous memory at rest (peer: an empty program)",
  unit: "KiB",
  ours: mine.anonymous,
  peer: floor.anonymous,
  ratioMax: 1.5,
});
console.log(renderRows(rows));
