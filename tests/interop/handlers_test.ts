/**
 * What scripts hear and what becomes of their words, from HashiCorp's agent and from ours: the same cluster, the same
 * scripts. Then the scripts that Serf's users write, and those that nobody should.
 */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import {
  eventually,
  membersOf,
  runCommand,
  type RunningAgent,
  sleep,
  withAgents,
} from "../support/agents.ts";
import { testBoth, testOurs } from "../support/binaries.ts";

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

async function command(
  binary: string,
  agent: RunningAgent,
  name: string,
  ...args: string[]
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(binary, [name, `-rpc-addr=${agent.rpc}`, ...args]);
  equal(code, 0, `${name} ${args}: ${stdout}${stderr}`);
  return stdout;
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
    await command(theirs, x, "tags", "-set", "zone=w\tx", "-delete", "role");
    await expect("member-update");
    await sleep(1_500);
    await command(theirs, x, "leave");
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
      for (const payload of sent) await command(theirs, h, "event", "-coalesce=false", "deploy", payload);
      const count = async (wanted: number) => {
        for (const { name } of [h, o]) {
          await eventually(`${name} heard ${wanted}`, 45_000, async () => {
            return (await heardIn(`${directory}/${name}`, name)).length === wanted;
          });
        }
      };
      await count(sent.length);
      await command(theirs, o, "event", "-coalesce=false", "a b:c", "x");
      await count(sent.length + 1);
      const names = ["load", "both", "fails", "silent", "input", "large", "killed"];
      for (const name of names) {
        const text = await command(
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

testBoth("handlers: without a usable shell both say so, and go on", async (ours, theirs) => {
  const shell = await Deno.realPath("/bin/sh");
  for (const [index, binary] of [theirs, ours].entries()) {
    const host = `${NET}.${31 + index}`;
    const agent = `exec "$0" agent -node=a -bind=${host} -rpc-addr=${host}:7373 -event-handler=x`;
    const bash = await Deno.realPath("/bin/bash");
    const hidden = ["-m", bash, "-c", `mount --bind /dev/null ${shell} && ${agent}`, binary];
    const { stdout, stderr, code } = await runCommand("/usr/bin/unshare", hidden, {
      env: { PATH },
      timeoutMs: 5_000,
    });
    if (/unshare failed|permission denied$/i.test(stderr)) return console.warn(`skipped: ${stderr}`);
    equal(code, 137, `it ran until it was killed: ${stdout}${stderr}`);
    match(stdout, /\[ERR\] agent: Error invoking script 'x': fork\/exec \/bin\/sh: permission denied\n/);
  }
});

testOurs("handlers: scripts that hang, flood, die or do not listen hold up nothing", async (ours) => {
  await withAgents(async (start) => {
    const a = await start({
      binary: ours,
      name: "a",
      host: `${NET}.41`,
      args: [
        "-profile=local",
        "-log-level=debug",
        "-event-handler=sleep 1000",
        "-event-handler=member-join=exec yes",
        "-event-handler=user=exec <&-; exit 0",
        "-event-handler=user=kill -SEGV $$",
        "-event-handler=user=echo still here",
        "-event-handler=user=/nonexistent/handler",
      ],
      env: { PATH },
    });
    await eventually(
      "the first handlers are slow",
      10_000,
      () => a.output.includes("slow, execution exceeding 1s"),
    );
    const b = await start({
      binary: ours,
      name: "b",
      host: `${NET}.42`,
      args: ["-profile=local", `-join=${NET}.41`],
    });
    const began = performance.now();
    for (let i = 0; i < 20; i++) equal((await membersOf(ours, a.rpc)).length, 2);
    ok(performance.now() - began < 20_000, "it answers");
    await command(ours, b, "event", "-coalesce=false", "e", "x".repeat(300));
    await eventually("the others run", 10_000, () => a.output.includes("script output: still here\n"));
    await eventually("deaths are reported", 10_000, () => {
      return a.output.includes("Error invoking script 'kill -SEGV $$': signal: segmentation fault") &&
        a.output.includes("Error invoking script '/nonexistent/handler': exit status 127");
    });
    await sleep(5_000);
    deepEqual((await membersOf(ours, b.rpc)).map(({ status }) => status), ["alive", "alive"]);
    ok(!b.output.includes("EventMemberFailed"), b.output);
    // Each is the first of a process group.
    for (const pid of await childrenOf(a.pid)) Deno.kill(-pid, "SIGKILL");
  });
});

/** The processes that an agent started. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await runCommand("/usr/bin/pgrep", ["-P", String(pid)]);
  return stdout.trim().split("\n").filter((line) => line !== "").map(Number);
}

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
        await command(theirs, agent, "event", "-coalesce=false", "deploy");
        await eventually(`${expected} from ${binary}`, 10_000, async () => {
          const lines = (await Deno.readTextFile(heard)).trim().split("\n").sort();
          return JSON.stringify(lines) === JSON.stringify([...expected].sort());
        });
      };
      const text = await command(theirs, agent, "info");
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

/** Keeps one line per web server in a load balancer's list of backends, and "reloads" the balancer. */
const BALANCER = `#!/bin/sh
set -eu
backends=$STATE/backends
touch "$backends"
while read -r name address role rest; do
  [ "$role" = web ] || continue
  grep -v "^server $name " "$backends" > "$backends.new" || true
  [ "$SERF_EVENT" != member-join ] || echo "server $name $address:80" >> "$backends.new"
  sort "$backends.new" > "$backends"
done
echo "$SERF_EVENT" >> "$STATE/reloads"
`;

/** Keeps a zone with a record per member, and its serial number. */
const ZONE = `#!/bin/sh
serial=$(cat "$STATE/serial" 2>/dev/null || echo 0)
while IFS="$(printf '\\t')" read -r name address role tags; do
  case $SERF_EVENT in
    member-join) echo "$address" > "$STATE/zone/$name.cluster.test" ;;
    member-leave | member-failed | member-reap) rm -f "$STATE/zone/$name.cluster.test" ;;
  esac
done
echo $((serial + 1)) > "$STATE/serial"
`;

testBoth(
  "handlers: a web load balancer and a DNS zone follow the cluster; query load asks uptime",
  async (ours, theirs) => {
    for (const [index, binary] of [theirs, ours].entries()) {
      const directory = await Deno.makeTempDir();
      await Deno.mkdir(`${directory}/zone`);
      for (const [name, text] of [["balancer.sh", BALANCER], ["zone.sh", ZONE]] as const) {
        await Deno.writeTextFile(`${directory}/${name}`, text, { mode: 0o755 });
      }
      const read = (name: string) => Deno.readTextFile(`${directory}/${name}`).catch(() => "");
      const zone = async () =>
        (await Array.fromAsync(Deno.readDir(`${directory}/zone`))).map(({ name }) => name.split(".")[0])
          .sort().join();
      const host = (number: number) => `${NET}.${60 + 10 * index + number}`;
      await withAgents(async (start) => {
        const lb = await start({
          binary,
          name: "lb",
          host: host(0),
          args: [
            "-profile=local",
            `-event-handler=member-join,member-leave,member-failed=${directory}/balancer.sh`,
            `-event-handler=${directory}/zone.sh`,
            "-event-handler=query:load=uptime",
          ],
          env: { PATH, STATE: directory },
        });
        const join = (name: string, number: number, role: string) =>
          start({
            binary: number % 2 === 0 ? ours : theirs,
            name,
            host: host(number),
            args: [
              "-profile=local",
              `-tag=role=${role}`,
              `-join=${host(0)}`,
              "-event-handler=query:load=uptime",
            ],
            env: { PATH },
          });
        const web1 = await join("web1", 1, "web"), web2 = await join("web2", 2, "web");
        await join("db", 3, "db");
        const line = (number: number) => `server web${number} ${host(number)}:80\n`;
        const backends = (text: string) =>
          eventually(`backends: ${text}`, 30_000, async () => (await read("backends")) === text);
        await backends(line(1) + line(2));
        await eventually("the zone", 10_000, async () => (await zone()) === "db,lb,web1,web2");
        equal(await read("zone/web2.cluster.test"), `${host(2)}\n`);
        // A query is gossip: now and then it misses a node.
        const answers = await eventually("everybody answers", 30_000, async () => {
          const text = await command(theirs, lb, "query", "-format=json", "load");
          const { Responses } = JSON.parse(text) as { Responses: Record<string, string> };
          return Object.keys(Responses).sort().join() === "db,lb,web1,web2" && Responses;
        });
        for (const text of Object.values(answers)) match(text, /load average: .*\n$/);
        await web1.kill();
        await backends(line(2));
        await command(theirs, web2, "leave");
        await backends("");
        await eventually("the zone again", 10_000, async () => (await zone()) === "db,lb");
      });
      await Deno.remove(directory, { recursive: true });
    }
  },
);
