/** Queries in a cluster of three agents of HashiCorp's Serf and three of ours: who is asked, who answers, who relays. */
import { equal, ok } from "../support/assert.ts";
import { eventually } from "../support/agents.ts";
import { type MixedCluster, NAMES, type Program, testMixed } from "../support/mixed_cluster.ts";
import { SlowLink } from "../support/slow_link.ts";

interface Answers {
  readonly Acks: string[] | null;
  readonly Responses: Record<string, string>;
}

const ANSWERS_LOAD = "-event-handler=query:load=echo up $SERF_SELF_NAME";

function same(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}

async function query(cluster: MixedCluster, at: string, by: Program, ...flags: string[]): Promise<Answers> {
  const { stdout } = await cluster.by(
    by,
    at,
    "query",
    "-format=json",
    "-timeout=1s",
    ...flags,
    "load",
    "payload",
  );
  const answers = JSON.parse(stdout) as Answers;
  for (const [name, text] of Object.entries(answers.Responses)) equal(text, `up ${name}\n`);
  return answers;
}

/** Asks until the answers are complete: gossip may miss somebody, and a packet may be lost. */
async function asks(
  cluster: MixedCluster,
  at: string,
  by: Program,
  flags: readonly string[],
  acks: readonly string[],
  responses: readonly string[] = acks,
): Promise<void> {
  let seen: Answers | undefined;
  await eventually(`${at} gets acks of ${acks}, answers of ${responses} for ${flags}`, 30_000, async () => {
    seen = await query(cluster, at, by, ...flags);
    const strangers = [...seen.Acks ?? [], ...Object.keys(seen.Responses)].filter((name) =>
      !acks.includes(name) && !responses.includes(name)
    );
    equal(strangers.join(), "", `not asked by ${flags}`);
    return same(seen.Acks ?? [], acks) && same(Object.keys(seen.Responses), responses);
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it got ${JSON.stringify(seen)}`);
  });
}

const CASES: readonly (readonly [flags: string[], acks: readonly string[], responses?: readonly string[]])[] =
  [
    [[], NAMES],
    [["-relay-factor=2"], NAMES],
    [["-no-ack"], [], NAMES],
    [["-node=h2", "-node=o2"], ["h2", "o2"]],
    [["-node=nobody"], []],
    [["-tag", "kind=^t", "-tag", "number=[23]"], ["h2", "h3"]],
    [["-tag", "kind=our", "-node=o1", "-node=h1"], ["o1"]],
    [["-tag", "kind=^(?i:THEIRS)$"], ["h1", "h2", "h3"]],
    [["-tag", "nosuch=^$"], NAMES],
    [["-tag", "kind=("], []],
  ];

async function reaches(cluster: MixedCluster, at: string, by: Program): Promise<void> {
  let seen = "";
  await eventually(`reachability of ${at} by ${by}`, 60_000, async () => {
    const { code, stdout } = await cluster.by(by, at, "reachability", "-verbose");
    seen = stdout;
    return code === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it says ${seen}`);
  });
  ok(seen.startsWith("Total members: 6, live members: 6\nStarting reachability test...\n"), seen);
  for (const name of NAMES) ok(seen.includes(`\tAck from '${name}'\n`), seen);
  ok(seen.endsWith("Successfully contacted all live nodes\n"), seen);
}

testMixed(
  "interop: queries ask whom they mean, and everybody is reachable, from either side by either program",
  { network: "127.0.54" },
  async (cluster) => {
    await cluster.form(NAMES, (name) => [
      `-tag=kind=${name.startsWith("o") ? "ours" : "theirs"}`,
      `-tag=number=${name[1]}`,
      ANSWERS_LOAD,
    ]);
    const askers: readonly (readonly [at: string, by: Program])[] = [
      ["o1", "theirs"],
      ["o2", "ours"],
      ["h1", "ours"],
      ["h2", "theirs"],
    ];
    await Promise.all(askers.map(([at, by]) => reaches(cluster, at, by)));
    await Promise.all(askers.map(async ([at, by], i) => {
      // Not all in one order: what is asked at once shall differ.
      for (let k = 0; k < CASES.length; k++) {
        await asks(cluster, at, by, ...CASES[(k + 2 * i) % CASES.length]!);
      }
    }));
  },
);

/**
 * Nothing reaches the asker straight from h2 and o2. The third, a program of the other kind than the asker's, is then
 * the only one who can pass their answers on.
 */
testMixed(
  "interop: where direct answers are lost, relays of either program bring them",
  { network: "127.0.55" },
  async (cluster) => {
    const names = ["h1", "h2", "o1", "o2"];
    const pairs: readonly (readonly [asker: string, relay: string])[] = [["o1", "h1"], ["h1", "o1"]];
    await using link = new SlowLink(0);
    for (const name of names) link.attach(cluster.hostOf(name), farSideOf(cluster, name));
    await Promise.all(
      names.map((name) => cluster.run(name, `-advertise=${farSideOf(cluster, name)}`, ANSWERS_LOAD)),
    );
    await cluster.meet(names);
    for (const [asker, relay] of pairs) {
      await asks(cluster, asker, "ours", [], names);
      for (const mute of ["h2", "o2"]) link.cut(cluster.hostOf(mute), cluster.hostOf(asker));
      const alone = await query(cluster, asker, "ours");
      ok((alone.Acks ?? []).every((name) => [asker, relay].includes(name)), JSON.stringify(alone));
      await asks(cluster, asker, "ours", ["-relay-factor=3"], names);
      link.mend();
    }
  },
);

/** Where the others believe it to be: on the far side of the link. */
function farSideOf(cluster: MixedCluster, name: string): string {
  return `${cluster.hostOf(name)}0`;
}
