/** A bound on what some processes together may use of the processor: a control group, of either version. */

const ROOT = "/sys/fs/cgroup";
/** The longest that the kernel takes: who has had his share stands still until the next second. */
const PERIOD_US = 1_000_000;

export class CpuQuota {
  readonly #directory: string;
  readonly #parent: string;
  readonly #isUnified: boolean;

  /** @param name of the group; no other may have it. */
  constructor(name: string) {
    this.#isUnified = existsSync(`${ROOT}/cgroup.controllers`);
    this.#parent = this.#isUnified ? ROOT : `${ROOT}/cpu`;
    this.#directory = `${this.#parent}/${name}`;
    if (this.#isUnified) Deno.writeTextFileSync(`${ROOT}/cgroup.subtree_control`, "+cpu");
    Deno.mkdirSync(this.#directory);
  }

  /** @param ratio of one processor, which all members share. */
  limit(ratio: number): void {
    const quotaUs = Math.round(ratio * PERIOD_US);
    if (this.#isUnified) this.#write("cpu.max", `${quotaUs} ${PERIOD_US}`);
    else {
      this.#write("cpu.cfs_period_us", String(PERIOD_US));
      this.#write("cpu.cfs_quota_us", String(quotaUs));
    }
  }

  /** Takes in a process with all its threads. */
  add(pid: number): void {
    this.#write("cgroup.procs", String(pid));
  }

  /** How many periods there were in which somebody wanted to run, and in how many of them there was not enough. */
  periods(): { all: number; throttled: number } {
    const text = Deno.readTextFileSync(`${this.#directory}/cpu.stat`);
    const field = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)![1]);
    return { all: field("nr_periods"), throttled: field("nr_throttled") };
  }

  /** Lets its members go. */
  [Symbol.dispose](): void {
    for (const pid of Deno.readTextFileSync(`${this.#directory}/cgroup.procs`).split("\n")) {
      if (pid !== "") Deno.writeTextFileSync(`${this.#parent}/cgroup.procs`, pid);
    }
    Deno.removeSync(this.#directory);
  }

  #write(file: string, text: string): void {
    Deno.writeTextFileSync(`${this.#directory}/${file}`, text);
  }
}

function existsSync(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
