/** A world in memory for the agent: files, interfaces, names, signals; sockets on the simulated network's terms. */
import type { Clock, Random } from "../../../lib/base/ports.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import type {
  Files,
  GossipOptions,
  GossipTransport,
  InterfaceAddress,
  Platform,
  RuntimeInfo,
  SignalName,
  StreamConnection,
  StreamListener,
  Ui,
} from "../../../lib/platform/platform.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";

/** Files in memory. A path that ends in `/` is an empty directory. */
export class FakeFiles implements Files {
  /** What was written, with its mode, in order. */
  readonly writes: { path: string; text: string; mode: number }[] = [];
  readonly #contents: Map<string, string>;
  /** Paths whose writing fails, and the cause. */
  readonly unwritable = new Map<string, string>();

  constructor(contents: Record<string, string> = {}) {
    this.#contents = new Map(Object.entries(contents));
  }

  set(path: string, text: string): void {
    this.#contents.set(path, text);
  }

  delete(path: string): void {
    this.#contents.delete(path);
  }

  readText(path: string): string {
    if (this.#isDirectory(path)) throw new Error(`read ${path}: is a directory`);
    const text = this.#contents.get(path);
    if (text === undefined) throw new Error(`open ${path}: no such file or directory`);
    return text;
  }

  listDirectory(path: string): { name: string; isDirectory: boolean }[] {
    const prefix = path.endsWith("/") ? path : `${path}/`;
    const names = new Map<string, boolean>();
    for (const key of this.#contents.keys()) {
      if (!key.startsWith(prefix) || key === prefix) continue;
      const [name, ...deeper] = key.slice(prefix.length).split("/");
      names.set(name!, deeper.length > 0);
    }
    const entries = [...names].map(([name, isDirectory]) => ({ name, isDirectory }));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  stat(path: string): { isDirectory: boolean } | undefined {
    if (this.#isDirectory(path)) return { isDirectory: true };
    return this.#contents.has(path) ? { isDirectory: false } : undefined;
  }

  writeAtomic(path: string, text: string, mode: number): void {
    const cause = this.unwritable.get(path);
    if (cause !== undefined) throw new Error(`open ${path}: ${cause}`);
    this.writes.push({ path, text, mode });
    this.#contents.set(path, text);
  }

  #isDirectory(path: string): boolean {
    if (path === "") return false;
    const prefix = path.endsWith("/") ? path : `${path}/`;
    return [...this.#contents.keys()].some((key) => key.startsWith(prefix));
  }
}

/** What a test wants of its world. */
export interface FakeWorld {
  files?: Record<string, string>;
  interfaces?: InterfaceAddress[];
  /** Interfaces that have no addresses. */
  bareInterfaces?: string[];
  defaultInterface?: string;
  /** Host names and what they resolve to. */
  hosts?: Record<string, string[]>;
  /** undefined: the host has no name. */
  hostname?: string | undefined;
  bindGossip?: (host: string, port: number, options: GossipOptions) => GossipTransport;
  listenStream?: (host: string, port: number) => StreamListener;
}

/** Everything that `Platform` asks for; nothing real. */
export class FakePlatform implements Platform {
  readonly simClock = new SimClock();
  readonly clock: Clock = this.simClock;
  readonly random: Random = new SeededRandom(1, "platform");
  readonly files: FakeFiles;
  readonly runtime: RuntimeInfo = { os: "linux", arch: "amd64", cpuCount: 2, version: "deno 0.0.0" };
  /** All that was shown on standard output. */
  output = "";
  readonly ui: Ui = { out: (text) => void (this.output += text), err: () => {}, isOpen: true };
  readonly #world: FakeWorld;
  readonly #listeners = new Map<SignalName, Set<() => void>>();

  constructor(world: FakeWorld = {}) {
    this.#world = { hostname: "host", ...world };
    this.files = new FakeFiles(world.files);
  }

  /** Sends a signal. @returns how many listeners heard it. */
  signal(name: SignalName): number {
    const listeners = [...this.#listeners.get(name) ?? []];
    for (const listener of listeners) listener();
    return listeners.length;
  }

  env(): undefined {
    return undefined;
  }

  hostname(): string {
    if (this.#world.hostname === undefined) throw new Error("no name");
    return this.#world.hostname;
  }

  interfaces(): InterfaceAddress[] {
    return this.#world.interfaces ?? [];
  }

  hasInterface(name: string): boolean {
    return this.#world.bareInterfaces?.includes(name) === true ||
      this.interfaces().some((entry) => entry.interfaceName === name);
  }

  defaultInterface(): Promise<string | undefined> {
    return Promise.resolve(this.#world.defaultInterface);
  }

  resolveHost(host: string): Promise<string[]> {
    const found = this.#world.hosts?.[host];
    return found === undefined
      ? Promise.reject(new Error(`lookup ${host}: no such host`))
      : Promise.resolve(found);
  }

  bindGossip(host: string, port: number, options: GossipOptions): Promise<GossipTransport> {
    const bind = this.#world.bindGossip;
    if (bind === undefined) return Promise.reject(new Error("this world has no sockets"));
    return new Promise((resolve) => resolve(bind(host, port, options)));
  }

  listenStream(host: string, port: number): StreamListener {
    const listen = this.#world.listenStream;
    if (listen === undefined) throw new Error("this world has no streams");
    return listen(host, port);
  }

  dialStream(): Promise<StreamConnection> {
    return Promise.reject(new Error("this world has no streams"));
  }

  onSignal(name: SignalName, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  onFault(): void {}
}

/** Lets all promises that can go on do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await null;
}
