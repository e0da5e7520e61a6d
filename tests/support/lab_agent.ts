/** An agent on a host of a network lab, watched over one RPC connection and by its log, which is a file. */
import { createPlatform } from "../../lib/platform/deno_platform.ts";
import { RpcClient } from "../../lib/rpc/rpc_client.ts";
import { eventually } from "./agents.ts";
import type { NetworkLab } from "./network_lab.ts";

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
/** How long an agent may take to answer what costs it nothing. */
const ANSWER_MS = 15_000;
const START_MS = 90_000;

/** What runs where. */
export interface LabAgentSpec {
  readonly binary: string;
  readonly name: string;
  /** The number of its host. */
  readonly host: number;
  /** Where its configuration lies, under its name. */
  readonly directory: string;
  /** Where its log lies, under its name; it outlives the agent. */
  readonly logDirectory: string;
  /** The configuration file's content. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class LabAgent {
  /** How often its event stream told of each user event, by name. bounded: by what a test sends. */
  readonly heard = new Map<string, number>();
  readonly #child: Deno.ChildProcess;
  #client: RpcClient | undefined = undefined;
  #hasEnded = false;

  private constructor(
    readonly spec: LabAgentSpec,
    readonly rpc: string,
    child: Deno.ChildProcess,
    /** How long the log of its name was when it started. */
    readonly logBegin: number,
  ) {
    this.#child = child;
    void child.status.then(() => this.#hasEnded = true);
  }

  /** Starts one, and waits until it answers; its log goes on where that of one of the same name has ended. */
  static async start(lab: NetworkLab, spec: LabAgentSpec): Promise<LabAgent> {
    const address = lab.addressOf(spec.host);
    const configFile = `${spec.directory}/${spec.name}.json`;
    await Deno.writeTextFile(configFile, JSON.stringify(spec.config));
    const logBegin = (await Deno.readTextFile(logFile(spec)).catch(() => "")).length;
    const [program, ...prefix] = lab.prefixFor(spec.host);
    const child = new Deno.Command(program!, {
      args: [
        ...prefix,
        ...["/bin/sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", logFile(spec)],
        ...[spec.binary, "agent", `-node=${spec.name}`, `-bind=${address}`, `-rpc-addr=${address}:7373`],
        ...[`-config-file=${configFile}`, ...spec.args ?? []],
      ],
      cwd: spec.directory,
      clearEnv: true,
      env: { PATH, ...spec.env },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const agent = new LabAgent(spec, `${address}:7373`, child, logBegin);
    try {
      await eventually(`${spec.name} answers`, START_MS, () => agent.#connect());
    } catch (error) {
      await agent.kill();
      throw new Error(`${(error as Error).message}\n${await agent.log()}`);
    }
    return agent;
  }

  get name(): string {
    return this.spec.name;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get client(): RpcClient {
    return this.#client!;
  }

  /** Everything it has logged, and those of its name before it. */
  log(): Promise<string> {
    return Deno.readTextFile(logFile(this.spec));
  }

  /** What it has logged itself. */
  async newLog(): Promise<string> {
    return (await this.log()).slice(this.logBegin);
  }

  /** How it sees the members: their statuses by their names. */
  async statuses(): Promise<Map<string, string>> {
    const members = await within(ANSWER_MS, `${this.name}'s members`, this.client.members());
    return new Map(members.map(({ name, status }) => [name, status]));
  }

  /** Sends a user event; when this resolves the agent has acknowledged it. */
  event(name: string): Promise<void> {
    const sent = this.client.event({ name, payload: new Uint8Array(64), coalesce: false });
    return within(ANSWER_MS, `${this.name} takes ${name}`, sent);
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Makes it leave. @returns its exit code. */
  async leave(): Promise<number> {
    this.signal("SIGINT");
    const { code } = await within(30_000, `${this.name} leaves`, this.#child.status);
    this.#client?.close();
    return code;
  }

  /** Ends it without a goodbye. Harmless when it has ended. */
  async kill(): Promise<void> {
    this.#client?.close();
    try {
      this.signal("SIGKILL");
    } catch {
      // It has already ended.
    }
    await this.#child.status;
  }

  async #connect(): Promise<boolean> {
    if (this.#hasEnded) throw new Error(`${this.name} has ended`);
    try {
      const client = await RpcClient.connect(createPlatform(), this.rpc, "");
      await client.stream("user", (record) => {
        const name = String(record.get("Name"));
        this.heard.set(name, (this.heard.get(name) ?? 0) + 1);
      });
      this.#client = client;
      return true;
    } catch {
      return false; // not yet
    }
  }
}

function logFile({ logDirectory, name }: LabAgentSpec): string {
  return `${logDirectory}/${name}.log`;
}

/** Rejects when `promise` does not settle in time. */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${limitMs} ms: ${what}`)), limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
