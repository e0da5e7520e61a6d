/**
 * Keys are rotated in a cluster of three agents of HashiCorp's Serf and three of ours, from either side by the command of
 * the other; every keyring file follows, and agents that start from it are back.
 */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import { eventually, membersOf } from "../support/agents.ts";
import {
  ALIVE,
  type MixedCluster,
  NAMES,
  type Program,
  SPREAD_MS,
  testMixed,
} from "../support/mixed_cluster.ts";

const FIRST = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECOND = "AAECAwQFBgcICQoLDA0ODw==";
const THIRD = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/** A cluster in which each agent has a keyring file of its own. */
class Keyrings {
  readonly #cluster: MixedCluster;
  readonly #directory: string;

  constructor(cluster: MixedCluster, directory: string) {
    this.#cluster = cluster;
    this.#directory = directory;
  }

  async form(): Promise<void> {
    for (const name of NAMES) await Deno.writeTextFile(this.path(name), JSON.stringify([FIRST]));
    await this.#cluster.form(NAMES, (name) => this.flags(name));
  }

  path(name: string): string {
    return `${this.#directory}/${name}.json`;
  }

  flags(name: string): string[] {
    return [`-keyring-file=${this.path(name)}`];
  }

  /** The files of all, which shall be one to the byte. */
  async text(): Promise<string> {
    const texts = await Promise.all(NAMES.map((name) => Deno.readTextFile(this.path(name))));
    for (const [i, text] of texts.entries()) equal(text, texts[0], `${NAMES[i]} against ${NAMES[0]}`);
    return texts[0]!;
  }

  /** Repeats a change until all have made it: it is harmless, and gossip may miss one of six. */
  async change(at: string, by: Program, flag: string, end: string): Promise<void> {
    let seen = "";
    await eventually(`keys ${flag} at ${at}`, 60_000, async () => {
      const result = await this.#cluster.by(by, at, "keys", flag);
      seen = result.stdout;
      return result.code === 0;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it says ${seen}`);
    });
    ok(seen.endsWith(end), seen);
  }

  /** Waits until all members have these keys, and no others. */
  async lists(at: string, by: Program, ...keys: string[]): Promise<void> {
    const wanted = keys.map((key) => `${key} [6/6]`).sort().join();
    let seen = "";
    await eventually(`${at} lists ${wanted}`, 60_000, async () => {
      seen = (await this.#cluster.by(by, at, "keys", "-list")).stdout;
      const rows = seen.slice(seen.indexOf("\n\n")).trim().split("\n");
      return rows.map((row) => row.replace(/ +/, " ")).sort().join() === wanted;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it says ${seen}`);
    });
  }

  /** From one key to another. @param seats who changes what, and by which program. */
  async rotate(
    before: string,
    after: string,
    seats: readonly (readonly [at: string, by: Program])[],
  ): Promise<void> {
    const [install, use, remove] = seats as readonly [typeof seats[0], typeof seats[0], typeof seats[0]];
    const file = (...keys: string[]) => JSON.stringify(keys, null, 2);
    await this.change(...install, `-install=${after}`, "==> Successfully installed key!\n");
    equal(await this.text(), file(before, after));
    await this.lists(...use, before, after);
    await this.change(...use, `-use=${after}`, "==> Successfully changed primary key!\n");
    equal(await this.text(), file(after, before));
    await this.change(...remove, `-remove=${before}`, "==> Successfully removed key!\n");
    equal(await this.text(), file(after));
    await this.lists(...install, after);
  }

  /** These end without a goodbye, start with what is in their files, and are back. */
  async restart(...names: string[]): Promise<void> {
    const cluster = this.#cluster;
    await Promise.all(names.map((name) => cluster.kill(name)));
    await Promise.all(names.map(async (name) => {
      const other = `${name.startsWith("o") ? "h" : "o"}1`;
      const agent = await cluster.run(name, ...this.flags(name), `-join=${cluster.hostOf(other)}`);
      ok(agent.output.includes("Encrypted: true"), agent.output);
      await eventually(
        `${name} says so`,
        5_000,
        () => agent.output.includes("Restored keyring with 1 keys from"),
      );
    }));
    await cluster.agree(ALIVE, SPREAD_MS);
  }
}

testMixed(
  "interop: keys rotate from either side, the files follow, and agents come back from them",
  { network: "127.0.56" },
  async (cluster, directory) => {
    const keyrings = new Keyrings(cluster, directory);
    await keyrings.form();
    await keyrings.rotate(FIRST, SECOND, [["h1", "ours"], ["h2", "theirs"], ["h1", "ours"]]);
    await keyrings.restart("h3", "o3");
    await keyrings.rotate(SECOND, THIRD, [["o1", "theirs"], ["o2", "ours"], ["h1", "theirs"]]);
    await keyrings.restart("h2", "o2");
    await staysOutside(cluster, FIRST);
  },
);

/** Who has only a key that was removed gets in at neither program's agents, and neither program's agent does. */
async function staysOutside(cluster: MixedCluster, key: string): Promise<void> {
  const [ours, theirs] = await Promise.all([
    cluster.start("ours", "outsider", "127.0.56.31", `-encrypt=${key}`),
    cluster.start("theirs", "outsider", "127.0.56.32", `-encrypt=${key}`),
  ]);
  for (const [name, agent] of [["ours", ours], ["theirs", theirs]] as const) {
    cluster.agents.set(name, agent);
    for (const at of ["o1", "h1"]) {
      const { code, stdout } = await cluster.by("ours", name, "join", cluster.hostOf(at));
      equal(code, 1);
      // Who cannot read the request says so, and hangs up.
      match(
        stdout,
        /^Error joining the cluster: 1 error occurred:\n\t\* Failed to join /,
        `${name} at ${at}`,
      );
    }
    deepEqual((await membersOf(cluster.ours, agent.rpc)).map((row) => row.name), ["outsider"]);
    cluster.agents.delete(name);
  }
  await cluster.agree(ALIVE, SPREAD_MS);
}

testMixed(
  "interop: a member that cannot write its keyring says so to the one who asked, whichever program that is",
  { network: "127.0.57" },
  async (cluster, directory) => {
    const keyrings = new Keyrings(cluster, directory);
    await keyrings.form();
    for (const name of ["h2", "o2"]) {
      await Deno.remove(keyrings.path(name));
      await Deno.mkdir(keyrings.path(name));
    }
    for (const [at, by] of [["h1", "ours"], ["o1", "theirs"]] as const) {
      let seen = "";
      // A member that gossip missed says nothing at all.
      await eventually(`both complain at ${at}`, 60_000, async () => {
        const { code, stdout } = await cluster.by(by, at, "keys", `-install=${SECOND}`);
        equal(code, 1);
        seen = stdout;
        return seen.includes("2/6 nodes reported failure");
      }).catch((error: Error) => {
        throw new Error(`${error.message}; it says ${seen}`);
      });
      for (const name of ["h2", "o2"]) {
        match(
          seen,
          new RegExp(`^failed:  ${name}  .*keyring file: .*${name}\\.json.*: is a directory$`, "m"),
          seen,
        );
      }
    }
    for (const name of ["h3", "o3"]) {
      deepEqual(JSON.parse(await Deno.readTextFile(keyrings.path(name))), [FIRST, SECOND], name);
    }
    await cluster.agree(ALIVE, SPREAD_MS);
  },
);
