/** The scripts that Serf's users write, at work with agents of both programs. */
import { equal, match } from "../support/assert.ts";
import { commandAt, eventually, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";

const NET = "127.0.104";
const PATH = "/usr/local/bin:/usr/bin:/bin";

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
          const text = await commandAt(theirs, lb, "query", "-format=json", "load");
          const { Responses } = JSON.parse(text) as { Responses: Record<string, string> };
          return Object.keys(Responses).sort().join() === "db,lb,web1,web2" && Responses;
        });
        for (const text of Object.values(answers)) match(text, /load average: .*\n$/);
        await web1.kill();
        await backends(line(2));
        await commandAt(theirs, web2, "leave");
        await backends("");
        await eventually("the zone again", 10_000, async () => (await zone()) === "db,lb");
      });
      await Deno.remove(directory, { recursive: true });
    }
  },
);
