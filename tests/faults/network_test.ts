/** Networks that are slow, divided, or deaf on one side, under a cluster of both programs. */
import { deepEqual, ok } from "../support/assert.ts";
import { sleep } from "../support/agents.ts";
import { AGREE_MS, NAMES, noVerdicts, others, testFaults } from "./fault_cluster.ts";

const OBSERVE_MS = 10_000;
/** The smaller half: ten of ours and two of HashiCorp's, all that the others asked at first among them. */
const LEFT = NAMES.filter((name) => /^o(0\d|10)$|^h0[12]$/.test(name));
const RIGHT = others(LEFT);
/** Hears everything and is heard by nobody. */
const MUTE = "o07";
/** Does not reach four, though they reach it. */
const BLOCKED = "o03", OUT_OF_REACH = ["o04", "o05", "h03", "h04"];

testFaults("faults: networks", 2, async (cluster, step) => {
  const { lab } = cluster;
  const name = (host: number) => NAMES[host - 1]!;
  await cluster.start();
  await cluster.agree();

  await step("100 ms of jitter, and packets that come twice: nobody is declared failed", async () => {
    const before = lab.counters();
    const verdicts = await cluster.watch();
    lab.setAll({ delayMs: 5, jitterMs: 100, duplicateRatio: 0.1 });
    await cluster.spread(["o01", "h01", "o20"], NAMES);
    await sleep(OBSERVE_MS);
    noVerdicts(await verdicts(), NAMES);
    const { overtaken, duplicated, delayed, lost } = lab.counters();
    ok(delayed - before.delayed > 500, `${delayed} packets delayed`);
    ok(overtaken - before.overtaken > 10, `${overtaken} packets overtaken`);
    ok(duplicated - before.duplicated > 20, `${duplicated} packets duplicated`);
    deepEqual(lost, 0);
    cluster.nothingCameTwice();
  });

  await step("one direction of a few links is cut: nobody is declared failed", async () => {
    const isCut = (from: number, to: number) => name(from) === BLOCKED && OUT_OF_REACH.includes(name(to));
    const verdicts = await cluster.watch();
    lab.setAll({ lossRatio: 1 }, isCut);
    await cluster.spread([BLOCKED, OUT_OF_REACH[0]!], NAMES);
    await sleep(OBSERVE_MS);
    noVerdicts(await verdicts(), NAMES);
    const { lost } = lab.counters(isCut);
    const { forwarded } = lab.counters((from, to) => isCut(to, from));
    ok(lost > 0 && forwarded > 0, `${lost} lost, ${forwarded} the other way`);
  });

  await step("who is heard by nobody is declared failed, alone, and comes back", async () => {
    const hearing = others([MUTE]);
    const isCut = (from: number) => name(from) === MUTE;
    const verdicts = await cluster.watch();
    lab.setAll({ lossRatio: 1 }, isCut);
    await cluster.agree(AGREE_MS, hearing, (member) => member === MUTE ? "failed" : "alive");
    await cluster.spread(["o01", "h05"], hearing);
    noVerdicts(await verdicts(), hearing);
    const { lost } = lab.counters(isCut);
    const { forwarded } = lab.counters((_, to) => name(to) === MUTE);
    ok(lost > 0 && forwarded > 0, `${lost} lost, ${forwarded} the other way`);
    lab.setAll({});
    await cluster.agree();
  });

  await step("partition: each half declares the other failed, and all meet again", async () => {
    const isCut = (from: number, to: number) => LEFT.includes(name(from)) !== LEFT.includes(name(to));
    const verdicts = await cluster.watch();
    lab.setAll({ lossRatio: 1 }, isCut);
    const before = lab.counters(isCut);
    await cluster.agree(AGREE_MS, LEFT, (member) => LEFT.includes(member) ? "alive" : "failed");
    await cluster.agree(AGREE_MS, RIGHT, (member) => RIGHT.includes(member) ? "alive" : "failed");
    await cluster.spread(["o01", "h01"], LEFT);
    await cluster.spread(["o20", "h05"], RIGHT);
    const cut = lab.counters(isCut);
    // One may have been on its way.
    ok(cut.forwarded - before.forwarded <= 1, `${cut.forwarded - before.forwarded} forwarded`);
    ok(cut.lost - before.lost > 1000, `${cut.lost} lost`);
    lab.setAll({});
    await cluster.agree();
    await cluster.spread(["o01", "h05"], NAMES);
    const all = await verdicts();
    noVerdicts(all, LEFT);
    noVerdicts(all, RIGHT);
    cluster.nothingCameTwice();
  });
});
