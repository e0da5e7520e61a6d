/**
 * A network of hosts on one machine, made by the test: a network namespace for each host, and between them a packet switch
 * of our own, because the kernel's means to lose and delay packets (`tc qdisc add ... netem`) are a module that many
 * kernels lack. Root may make one, on Linux with /dev/net/tun.
 *
 * Host 0 is this process, the observer; its links stay perfect, whatever becomes of the others.
 */
import { type Libc, openLibc } from "./libc.ts";
import { type LinkConditions, type LinkCounters, LinkTable, PERFECT } from "./link_table.ts";
import { runCommand } from "./agents.ts";
import type { SwitchOrder } from "./switch_worker.ts";
import { openTun } from "./tun.ts";

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
/** The first three bytes of every address. */
const NETWORK = "10.231.0";

/** Whether such networks can be made here. Tests that need them are ignored, by name, where they can not. */
export const CAN_MAKE_NETWORKS: boolean = canMakeNetworks();

function canMakeNetworks(): boolean {
  try {
    const args = ["-n", "/bin/sh", "-c", "test -w /dev/net/tun && ip link set lo up"];
    const env = { PATH };
    return new Deno.Command("/usr/bin/unshare", { args, env, stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}

export class NetworkLab {
  readonly #libc: Libc;
  readonly #files: readonly number[];
  readonly #table: LinkTable;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;

  private constructor(libc: Libc, files: readonly number[], seed: number) {
    this.#libc = libc;
    this.#files = files;
    this.#table = LinkTable.allocate(files.length);
    this.#worker = new Worker(new URL("./switch_worker.ts", import.meta.url), { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#worker.onmessage = () => resolve();
    this.#worker.onerror = (event) => reject(new Error(event.message));
    this.#ended = promise;
    const order: SwitchOrder = { hosts: files.length, memory: this.#table.memory, files, seed };
    this.#worker.postMessage(order);
  }

  /**
   * @param hosts besides the observer, at most 200: they have the numbers from 1 on.
   * @param seed of the switch's dice.
   */
  static async create(hosts: number, seed: number): Promise<NetworkLab> {
    const libc = openLibc();
    const files = Array.from({ length: hosts + 1 }, (_, host) => openTun(libc, interfaceOf(host)));
    const script = files.map((_, host) => hostScript(host)).join("\n");
    const { code, stderr } = await runCommand("/bin/sh", ["-e", "-c", script], { env: { PATH } });
    if (code !== 0) throw new Error(`no network: ${stderr}`);
    return new NetworkLab(libc, files, seed);
  }

  addressOf(host: number): string {
    return `${NETWORK}.${host + 1}`;
  }

  /** The command line that begins one to be run on a host. */
  prefixFor(host: number): string[] {
    return ["/bin/sh", "-c", 'exec ip netns exec "$@"', "sh", namespaceOf(host)];
  }

  /** Sets one direction of a link. */
  set(from: number, to: number, conditions: Partial<LinkConditions>): void {
    this.#table.set(from, to, { ...PERFECT, ...conditions });
  }

  /** Sets all links between hosts for which `isMeant` holds. */
  setAll(
    conditions: Partial<LinkConditions>,
    isMeant: (from: number, to: number) => boolean = () => true,
  ): void {
    this.#forEach((from, to) => {
      if (isMeant(from, to)) this.set(from, to, conditions);
    });
  }

  /** What happened so far on the links for which `isMeant` holds. */
  counters(isMeant: (from: number, to: number) => boolean = () => true): LinkCounters {
    const sum = { forwarded: 0, lost: 0, duplicated: 0, delayed: 0, overtaken: 0 };
    this.#forEach((from, to) => {
      if (!isMeant(from, to)) return;
      const one = this.#table.counters(from, to);
      for (const key of Object.keys(sum) as (keyof LinkCounters)[]) sum[key] += one[key];
    });
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#table.stop();
    await this.#ended.finally(() => {
      this.#worker.terminate();
      for (const file of this.#files) this.#libc.symbols.close(file);
      this.#libc.close();
    });
    const script = this.#files.slice(1).map((_, i) => `ip netns del ${namespaceOf(i + 1)}`).join("\n");
    await runCommand("/bin/sh", ["-c", script], { env: { PATH } });
  }

  #forEach(visit: (from: number, to: number) => void): void {
    for (let from = 1; from < this.#files.length; from++) {
      for (let to = 1; to < this.#files.length; to++) {
        if (from !== to) visit(from, to);
      }
    }
  }
}

function interfaceOf(host: number): string {
  return `lab${Deno.pid}h${host}`;
}

function namespaceOf(host: number): string {
  return `serf-lab-${Deno.pid}-${host}`;
}

/** The observer's interface stays where it is. */
function hostScript(host: number): string {
  const device = interfaceOf(host);
  const address = `addr add ${NETWORK}.${host + 1}/24 dev ${device}`;
  if (host === 0) return `ip ${address}; ip link set ${device} up`;
  const name = namespaceOf(host);
  return [
    `ip netns add ${name}`,
    `ip link set ${device} netns ${name}`,
    `ip -n ${name} link set lo up`,
    `ip -n ${name} ${address}`,
    `ip -n ${name} link set ${device} up`,
  ].join("\n");
}
