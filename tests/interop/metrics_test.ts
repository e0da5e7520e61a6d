/** Metrics: the same life gives the same names, from HashiCorp's agent and from ours, to statsd and to statsite. */
import { deepEqual, ok } from "../support/assert.ts";
import { eventually, membersOf, runCommand, type RunningAgent, withAgents } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";

const NET = "127.0.107";
const PATH = "/usr/bin:/bin";

/** What only a Go program knows of itself. */
const OF_GO = /runtime\.(free_count|malloc_count|heap_objects|total_gc_pause_ns|total_gc_runs|gc_pause_ns)\|/;

/** What HashiCorp's agents tell from 0.10 on. */
const NEWER = /memberlist\.(queue\.broadcasts|size\.(local|remote)|node\.instances\.\w+)\|/;

/** What may happen to one of two that live side by side, and not to the other. */
const LUCK =
  /memberlist\.(msg\.suspect|degraded\.(probe|timeout)|health\.score)\||serf\.query_duplicate_(acks|responses)\|/;

/** What an agent sends: names and kinds, by the last. */
class MetricListener {
  /** `name|kind`. bounded: by the names that an agent has. */
  readonly statsd = new Set<string>();
  readonly statsite = new Set<string>();
  readonly #udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  /** bounded: one for each agent and start of it. */
  readonly #connections: Deno.Conn[] = [];
  readonly #ended: Promise<unknown>;

  constructor() {
    this.#ended = Promise.all([this.#readPackets(), this.#readStreams()]);
  }

  /** Their part of an agent's configuration. */
  get settings(): Record<string, string> {
    return {
      statsd_addr: `127.0.0.1:${(this.#udp.addr as Deno.NetAddr).port}`,
      statsite_addr: `127.0.0.1:${this.#tcp.addr.port}`,
    };
  }

  async close(): Promise<void> {
    this.#udp.close();
    this.#tcp.close();
    await this.#ended;
    for (const connection of this.#connections) closeQuietly(connection);
  }

  async #readPackets(): Promise<void> {
    for await (const [packet] of this.#udp) {
      for (const line of new TextDecoder().decode(packet).split("\n")) add(line, this.statsd);
    }
  }

  async #readStreams(): Promise<void> {
    for await (const connection of this.#tcp) {
      this.#connections.push(connection);
      void this.#readLines(connection);
    }
  }

  async #readLines(connection: Deno.Conn): Promise<void> {
    let rest = "";
    try {
      for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) add(line, this.statsite);
      }
    } catch {
      // It ends with its agent, or with the test.
    }
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It has already ended.
  }
}

function add(line: string, to: Set<string>): void {
  if (line === "") return;
  const [, name, kind] = /^(.*):-?[0-9.]+\|(c|g|ms)$/.exec(line) ?? [];
  ok(name !== undefined, `no metric: ${line}`);
  to.add(`${name}|${kind}`);
}

/** A watched agent of each program, and a third that lives through everything before their eyes. */
class Watched {
  readonly agents: RunningAgent[] = [];

  constructor(
    readonly theirs: string,
    readonly directory: string,
    readonly start: Parameters<Parameters<typeof withAgents>[0]>[0],
  ) {}

  async run(binary: string, name: string, number: number, settings: Record<string, string>): Promise<void> {
    const config = `${this.directory}/${name}.json`;
    await Deno.writeTextFile(config, JSON.stringify(settings));
    const agent = await this.start({
      binary,
      name,
      host: `${NET}.${number}`,
      args: [
        "-profile=local",
        `-config-file=${config}`,
        `-snapshot=${this.directory}/${name}.snapshot`,
        "-event-handler=query:load=echo 1",
        "-event-handler=true: a: script",
        ...this.agents.map(({ spec }) => `-join=${spec.host}`),
      ],
      env: { PATH },
    });
    this.agents.push(agent);
  }

  async runsThird(): Promise<RunningAgent> {
    const joins = this.agents.map(({ spec }) => `-join=${spec.host}`);
    const host = `${NET}.3`;
    const args = ["-profile=local", "-event-handler=query:load=echo 1", ...joins];
    return await this.start({ binary: this.theirs, name: "third", host, args, env: { PATH } });
  }

  async by(agent: RunningAgent, command: string, ...args: string[]): Promise<void> {
    await runCommand(this.theirs, [command, `-rpc-addr=${agent.rpc}`, ...args]);
  }

  async see(status: string): Promise<void> {
    for (const agent of this.agents) {
      await eventually(`${agent.name} sees it ${status}`, 60_000, async () => {
        return (await membersOf(this.theirs, agent.rpc)).find(({ name }) => name === "third")?.status ===
          status;
      });
    }
  }

  /** All that there are metrics for. */
  async live(): Promise<void> {
    // By themselves they may take up to half a minute to call each other.
    const [one, two] = this.agents;
    await this.by(one!, "join", two!.spec.host);
    await this.by(two!, "join", one!.spec.host);
    const third = await this.runsThird();
    await this.see("alive");
    await this.by(third, "event", "deploy now");
    await this.by(third, "event", "-coalesce=false", "deploy:single");
    for (const agent of [...this.agents, third]) {
      await this.by(agent, "query", "-timeout=500ms", "-relay-factor=1", "load");
    }
    await this.by(third, "tags", "-set", "a=b");
    await third.kill();
    await this.see("failed");
    const again = await this.runsThird();
    await this.see("alive");
    await this.by(again, "leave");
    await this.see("left");
  }
}

testBoth("metrics: the same life gives the same names to statsd and statsite", async (ours, theirs) => {
  const directory = await Deno.makeTempDir({ prefix: "serf-metrics-" });
  const fromTheirs = new MetricListener(), fromOurs = new MetricListener();
  try {
    await withAgents(async (start) => {
      const watched = new Watched(theirs, directory, start);
      await watched.run(theirs, "h1", 1, fromTheirs.settings);
      await watched.run(ours, "o1", 2, fromOurs.settings);
      await watched.live();
      const missing = () =>
        [...fromTheirs.statsd].filter((name) =>
          !fromOurs.statsd.has(name) && !OF_GO.test(name) && !LUCK.test(name)
        );
      await eventually("all has been told", 60_000, () => {
        // The last of all: the queues are looked at every 30 s.
        return fromTheirs.statsd.has("serf-agent.serf.queue.Query|ms") && missing().length === 0;
      }).catch((error: Error) => {
        throw new Error(`${error.message}; HashiCorp's alone sends ${missing()}`);
      });
      const own = [...fromOurs.statsd].filter((name) =>
        !fromTheirs.statsd.has(name) && !NEWER.test(name) && !LUCK.test(name)
      );
      deepEqual(own, [], "ours alone");
      for (const name of fromTheirs.statsd) ok(name.startsWith("serf-agent."), name);
      for (const listener of [fromTheirs, fromOurs]) {
        await eventually("statsite hears the same", 10_000, () => {
          return [...listener.statsd].sort().join() === [...listener.statsite].sort().join();
        });
      }
    });
  } finally {
    await fromTheirs.close();
    await fromOurs.close();
    await Deno.remove(directory, { recursive: true });
  }
});
