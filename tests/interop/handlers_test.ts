/**
 * What scripts hear and what becomes of their words, from HashiCorp's agent and from ours: the same cluster, the same
 * scripts.
 */
import { deepEqual, equal, ok } from "../support/assert.ts";
import { commandAt, eventually, sleep, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";

const NET = "127.0.104";
const PATH = "/usr/local/bin:/usr/bin:/bin";

/** Appends to `log` what a script gets: `== EVENT`, its variables sorted, `--`, its input, `..`. */
function recorder(log: string): string {
  return `{ echo "== $SERF_EVENT"; env | grep -a '^SERF_' | LC_ALL=C sort; echo --; cat; echo ..; } >> ${log}`;
}

/** One call of the recorder. */
interface Heard {
  readonly event: string;
  readonly env: string[];
  readonly input: string;
}

async function heardIn(log: string, self: string): Promise<Heard[]> {
  const text = await Deno.readTextFile(log).catch(() => "");
  return Array.from(text.matchAll(/^== (.*)\n([^]*?)--\n([^]*?)\.\.\n/gm), ([, event, env, input]) => ({
    event: event!,
    env: env!.trim().split("\n").map((line) => line.replace(`=${self}`, "=SELF")),
    input: sortedTags(event!, input!),
  }));
}

/** HashiCorp's agent writes tags in any order. */
function sortedTags(event: string, input: string): string {
  if (!event.startsWith("member-")) return input;
  return input.replace(/[^\t\n]*$/gm, (tags) => tags.split(",").sort().join(","));
}

/** Those that tell of one member alone, repetitions left out: HashiCorp's agent repeats updates. */
function about(heard: readonly Heard[], name: string): Heard[] {
  const lines = heard.filter(({ input }) =>
    input.startsWith(`${name}\t`) && input.indexOf("\n") === input.length - 1
  );
  return lines.filter((each, i) => i === 0 || JSON.stringify(each) !== JSON.stringify(lines[i - 1]));
}

/** By Lamport time: gossip brings user events in any order. */
function inOrder(heard: readonly Heard[]): Heard[] {
  const time = ({ env }: Heard) => Number(/LTIME=(\d+)/.exec(env.join())![1]);
  return heard.toSorted((a, b) => a.event === b.event ? time(a) - time(b) : a.event < b.event ? -1 : 1);
}

testBoth("handlers: members: the same environment and the same lines", async (ours, theirs) => {
  const directory = await Deno.makeTempDir();
  await withAgents(async (start) => {
    const args = (name: string) => [
      "-tag=role=watcher",
      "-tag=my-tag.x=a=b c",
      "-tag=9z=",
      "-profile=local",
      `-event-handler=*=${recorder(`${directory}/${name}`)}`,
    ];
    const env = { PATH, SERF_OF_THE_AGENT: "1", SERF_TAG_ROLE: "overridden" };
    const h = await start({ binary: theirs, name: "h1", host: `${NET}.1`, args: args("h1"), env });
    const o = await start({
      binary: ours,
      name: "o1",
      host: `${NET}.2`,
      args: [...args("o1"), `-join=${NET}.1`],
      env,
    });
    const both = [h, o];
    const expect = async (event: string) => {
      for (const agent of both) {
        await eventually(`${agent.name} hears ${event} of x`, 30_000, async () => {
          const heard = about(await heardIn(`${directory}/${agent.name}`, agent.name), "x");
          return heard.at(-1)?.event === event;
        });
      }
    };
    // Or the joins of these two and of the third are one event.
    await sleep(4_000);
    const spec = { binary: theirs, name: "x", host: `${NET}.3` };
    const joining = [`-join=${NET}.1`, "-profile=local"];
    const x = await start({ ...spec, args: [...joining, "-tag=role=a,b=\\t", "-tag=zone=e"] });
    await expect("member-join");
    await commandAt(theirs, x, "tags", "-set", "zone=w\tx", "-delete", "role");
    await expect("member-update");
    await sleep(1_500);
    await commandAt(theirs, x, "leave");
    await x.ended();
    await expect("member-leave");
    const again = await start({ ...spec, args: [...joining, "-tag=role=z"] });
    await expect("member-join");
    await again.kill();
    await expect("member-failed");
    const [byTheirs, byOurs] = await Promise.all(
      both.map(async ({ name }) => about(await heardIn(`${directory}/${name}`, name), "x")),
    );
    deepEqual(byOurs, byTheirs);
    equal(byOurs!.length, 5);
    deepEqual(byOurs!.map(({ input }) => input.split("\t")[2]), ["a,b=\\t", "", "", "z", "z"]);
  });
  await Deno.remove(directory, { recursive: true });
});

testBoth(
  "handlers: user events and queries: the same environment, input and answers",
  async (ours, theirs) => {
    const directory = await Deno.makeTempDir();
    await withAgents(async (start) => {
      const args = (name: string) => [
        "-tag=role=web",
        "-log-level=debug",
        `-event-handler=user,query=${recorder(`${directory}/${name}`)}`,
        "-event-handler=query:load=echo load 1.5",
        "-event-handler=query:both=echo out; echo err >&2; printf end",
        "-event-handler=query:fails=echo not sent; exit 3",
        "-event-handler=query:silent=true",
        "-event-handler=query:input=tr a-z A-Z",
        "-event-handler=query:large=head -c 2000 /dev/zero | tr '\\0' x",
        "-event-handler=query:killed=echo partial; kill -9 $$",
      ];
      const env = { PATH };
      const h = await start({ binary: theirs, name: "h1", host: `${NET}.11`, args: args("h1"), env });
      const o = await start({
        binary: ours,
        name: "o1",
        host: `${NET}.12`,
        args: [...args("o1"), `-join=${NET}.11`],
        env,
      });
      const sent = ["plain", "", "two\nlines\n", "\ttab", "no newline", "\u00e4\u{1f600}"];
      for (const payload of sent) await commandAt(theirs, h, "event", "-coalesce=false", "deploy", payload);
      const count = async (wanted: number) => {
        for (const { name } of [h, o]) {
          await eventually(`${name} heard ${wanted}`, 45_000, async () => {
            return (await heardIn(`${directory}/${name}`, name)).length === wanted;
          });
        }
      };
      await count(sent.length);
      await commandAt(theirs, o, "event", "-coalesce=false", "a b:c", "x");
      await count(sent.length + 1);
      const names = ["load", "both", "fails", "silent", "input", "large", "killed"];
      for (const name of names) {
        const text = await commandAt(
          theirs,
          name === "load" ? o : h,
          "query",
          "-timeout=2s",
          "-format=json",
          name,
          "pay load",
        );
        const { Responses } = JSON.parse(text) as { Responses: Record<string, string> };
        equal(Responses["o1"], Responses["h1"], `answers to ${name}`);
        if (name === "load") equal(Responses["o1"], "load 1.5\n");
        if (name === "both") equal(Responses["o1"], "out\nerr\nend");
        if (name === "input") equal(Responses["o1"], "PAY LOAD\n");
        if (["fails", "silent", "large", "killed"].includes(name)) equal(Responses["o1"], undefined);
      }
      await count(sent.length + 1 + names.length);
      const logs = await Promise.all([h, o].map(({ name }) => heardIn(`${directory}/${name}`, name)));
      const [byTheirs, byOurs] = logs.map(inOrder);
      deepEqual(byOurs, byTheirs);
      for (
        const line of [
          "[ERR] agent: Error invoking script 'echo not sent; exit 3': exit status 3",
          "[ERR] agent: Error invoking script 'echo partial; kill -9 $$': signal: killed",
          "[WARN] agent: Failed to respond to query 'query: large': failed to respond to key query: response exceeds limit of 1024 bytes",
          "[DEBUG] agent: Event 'query' script output: out\n",
        ]
      ) for (const agent of [h, o]) ok(agent.output.includes(line), `${agent.name}: ${line}`);
    });
    await Deno.remove(directory, { recursive: true });
  },
);

testBoth(
  "handlers: a handler that runs outlives its agent",
  async (ours, theirs) => {
    const directory = await Deno.makeTempDir();
    for (const [index, binary] of [theirs, ours].entries()) {
      const mark = `${directory}/${index}`;
      await withAgents(async (start) => {
        const script = `member-join=echo started > ${mark}; sleep 6; echo survived > ${mark}`;
        const agent = await start({
          binary,
          name: "a",
          host: `${NET}.${21 + index}`,
          args: [`-event-handler=${script}`],
          env: { PATH },
        });
        await eventually("it runs", 10_000, () => Deno.readTextFile(mark).catch(() => undefined));
        equal(await agent.signal("SIGINT"), 0);
      });
      equal(await Deno.readTextFile(mark), "started\n");
      await eventually("it goes on", 15_000, async () => (await Deno.readTextFile(mark)) === "survived\n");
    }
    await Deno.remove(directory, { recursive: true });
  },
);

testBoth("handlers: SIGHUP takes the new list, or none of it", async (ours, theirs) => {
  const info = new Map<string, string>();
  for (const [index, binary] of [theirs, ours].entries()) {
    const directory = await Deno.makeTempDir();
    const config = `${directory}/c.json`, heard = `${directory}/heard`;
    const configure = (...handlers: string[]) =>
      Deno.writeTextFile(config, JSON.stringify({ event_handlers: handlers, log_level: "debug" }));
    await configure(`user=echo one >> ${heard}`, "query:load=uptime");
    await withAgents(async (start) => {
      const agent = await start({
        binary,
        name: "a",
        host: `${NET}.${51 + index}`,
        args: [`-config-file=${config}`, `-event-handler=user:deploy=echo flag >> ${heard}`],
        env: { PATH },
      });
      const send = async (...expected: string[]) => {
        await Deno.writeTextFile(heard, "");
        await commandAt(theirs, agent, "event", "-coalesce=false", "deploy");
        await eventually(`${expected} from ${binary}`, 10_000, async () => {
          const lines = (await Deno.readTextFile(heard)).trim().split("\n").sort();
          return JSON.stringify(lines) === JSON.stringify([...expected].sort());
        });
      };
      const text = await commandAt(theirs, agent, "info");
      info.set(binary, /event_handlers:\n(\t.*\n)*/.exec(text)![0].replaceAll(directory, "DIR"));
      await send("one", "flag");
      await configure(`user=echo two >> ${heard}`);
      Deno.kill(agent.pid, "SIGHUP");
      await eventually("it reloads", 10_000, () => agent.output.includes("Reloading configuration..."));
      await sleep(500);
      await send("two", "flag");
      await configure("foo=x", `user=echo three >> ${heard}`);
      Deno.kill(agent.pid, "SIGHUP");
      await eventually("it refuses", 10_000, () => agent.output.includes("==> Failed to reload configs\n"));
      ok(agent.output.includes("==> Invalid event script: Event 'foo' invoking 'x'\n"), agent.output);
      await send("two", "flag");
    });
    await Deno.remove(directory, { recursive: true });
  }
  equal(info.get(ours), info.get(theirs));
});
