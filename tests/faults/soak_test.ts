/** The soak's short form: nothing is lost, and nothing of what a process holds grows while its work stays the same. */
import { ok } from "../support/assert.ts";
import { testFaults } from "./fault_cluster.ts";
import { median } from "../../scripts/bench/measure.ts";
import { soak } from "./soak.ts";

const DURATION_MS = 75_000;
const WARM_UP_MS = 25_000;
/** Heaps grow for some minutes until their owners are content; what leaks per event or timer is far beyond this. */
const ANONYMOUS_KIB_PER_MINUTE_MAX = 8_192;
/** Of all wake-ups in a second: what a busy machine puts together, a quiet one does not. */
const WAKE_UPS_RATIO_MAX = 2;

testFaults("faults: soak: members come and go, and nothing is lost or grows", 4, async (cluster) => {
  await cluster.start();
  await cluster.agree();
  const report = await soak(cluster, { durationMs: DURATION_MS, warmUpMs: WARM_UP_MS });
  console.log(JSON.stringify({ ...report, trends: report.trends.slice(0, 3) }));
  for (const { name, files, threads, wakeUps } of report.trends) {
    ok(files[1] <= files[0] + 1, `${name} has ${files} open files`);
    ok(threads[1] <= threads[0] + 1, `${name} has ${threads} threads`);
    ok(wakeUps[1] <= WAKE_UPS_RATIO_MAX * wakeUps[0], `${name} wakes up ${wakeUps} times a second`);
  }
  const growth = median(report.trends.map(({ anonymousKib }) => anonymousKib));
  ok(growth < ANONYMOUS_KIB_PER_MINUTE_MAX, `memory grows by ${growth} KiB a minute`);
  const [acks, asked] = report.acks;
  ok(acks > 0.9 * asked, `${acks} acknowledgements of ${asked}`);
});
