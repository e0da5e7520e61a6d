/** A world in memory for the agent: files, interfaces, names, signals; sockets on the simulated network's terms. */
import type { Clock, Random, Storage } from "../../../lib/base/ports.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import type {
  DatagramSender,
  Files,
  GossipOptions,
  GossipTransport,
  InterfaceAddress,
  MemoryUsage,
  MulticastLink,
  Platform,
  RuntimeInfo,
  ScriptOptions,
  ScriptResult,
  SignalName,
  StreamConnection,
  StreamListener,
  TransportCounters,
  Ui,
} from "../../../lib/platform/platform.ts";
import { Address, joinHostPort } from "../../../lib/base/address.ts";
import { StorageError, TransportError } from "../../../lib/base/errors.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimNetwork } from "../../../lib/sim/sim_network.ts";
import { SimDisk } from "../../../lib/sim/sim_storage.ts";

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
  /** Shared by the platforms of one test; its clock is theirs. */
  network?: SimNetwork;
  /** Endpoints that are taken: binding them fails. */
  taken?: string[];
}

/** A script that runs until the test ends it. */
export interface FakeScript {
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  print(output: string | Uint8Array): void;
  end(failure?: string, inputFailure?: string): void;
}

/** The wildcard's place on the simulated network, which knows no interfaces. */
const WILDCARD_HOST = "10.0.0.9";
/** What the system chooses for port 0. */
const FIRST_PORT = 40_001;

const NO_COUNTS: Readonly<TransportCounters> = {
  packetsReceived: 0,
  packetsSent: 0,
  packetsDropped: 0,
  packetErrors: 0,
  streamsAccepted: 0,
  streamsRefused: 0,
  streamsFailed: 0,
};

/** Everything that `Platform` asks for; nothing real. */
export class FakePlatform implements Platform {
  readonly network: SimNetwork;
  readonly simClock: SimClock;
  readonly clock: Clock;
  readonly random: Random = new SeededRandom(1, "platform");
  readonly files: FakeFiles;
  readonly runtime: RuntimeInfo = { os: "linux", arch: "amd64", cpuCount: 2, pid: 77, version: "deno 0.0.0" };
  /** All that was shown on standard output. */
  output = "";
  readonly ui: Ui = {
    out: (text) => void (this.output += text),
    err: () => {},
    queueOut: () => {},
    flush: () => Promise.resolve(),
    isOpen: true,
    exitCode: (code: number) => code,
  };
  readonly #world: FakeWorld;
  readonly #listeners = new Map<SignalName, Set<() => void>>();

  constructor(world: FakeWorld = {}) {
    this.#world = { hostname: "host", ...world };
    this.files = new FakeFiles(world.files);
    this.network = world.network ?? new SimNetwork(new SimClock(), 1);
    this.simClock = this.network.clock;
    this.clock = this.simClock;
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

  /** TCP timeout that the last gossip transport was bound with. */
  tcpTimeoutMs = 0;
  /** Listeners of streams that are open. */
  openListeners = 0;

  bindGossip(host: string, port: number, options: GossipOptions): Promise<GossipTransport> {
    const taken = this.#takenError("tcp", host, port);
    if (taken !== undefined) return Promise.reject(taken);
    this.tcpTimeoutMs = options.tcpTimeoutMs;
    const address = Address.fromHost(
      host === "0.0.0.0" ? WILDCARD_HOST : host,
      port === 0 ? FIRST_PORT : port,
    );
    return Promise.resolve(Object.assign(this.network.attach(address), { counters: NO_COUNTS }));
  }

  /** The disks on which snapshots are, by path. */
  readonly disks = new Map<string, SimDisk>();

  openStorage(path: string): Promise<Storage> {
    if (path.startsWith("/none/")) {
      return Promise.reject(new StorageError(`open ${path}: no such file or directory`));
    }
    const disk = this.disks.get(path) ?? new SimDisk();
    this.disks.set(path, disk);
    return Promise.resolve(disk.open());
  }

  listenStream(host: string, port: number): StreamListener {
    const taken = this.#takenError("tcp", host, port);
    if (taken !== undefined) throw taken;
    const { promise, resolve } = Promise.withResolvers<null>();
    this.openListeners++;
    let open = true;
    const close = () => {
      if (open) this.openListeners--;
      open = false;
      resolve(null);
    };
    return { port, accept: () => promise, close };
  }

  #takenError(protocol: string, host: string, port: number): TransportError | undefined {
    const endpoint = joinHostPort(host, port);
    return this.#world.taken?.includes(endpoint) === true
      ? new TransportError("local", `listen ${protocol} ${endpoint}: bind: address already in use`)
      : undefined;
  }

  dialStream(): Promise<StreamConnection> {
    return Promise.reject(new Error("this world has no streams"));
  }

  /** Scripts that run now, in the order of their start; a test ends them. */
  readonly scripts: FakeScript[] = [];
  /** Why no script can be started, if so. */
  shellFault: Error | undefined = undefined;
  openMulticast(): Promise<MulticastLink> {
    return Promise.reject(new Error("No multicast listeners could be started"));
  }

  runScript(text: string, options: ScriptOptions): Promise<ScriptResult> {
    if (this.shellFault !== undefined) return Promise.reject(this.shellFault);
    const { promise, resolve } = Promise.withResolvers<ScriptResult>();
    const script = {
      text,
      env: options.env,
      input: new TextDecoder().decode(options.input),
      print: (output: string | Uint8Array) => {
        options.onOutput(typeof output === "string" ? new TextEncoder().encode(output) : output);
      },
      end: (failure?: string, inputFailure?: string) => {
        this.scripts.splice(this.scripts.indexOf(script), 1);
        resolve({ failure, inputFailure });
      },
    };
    this.scripts.push(script);
    return promise;
  }

  /** Datagrams that were sent, by `host:port` or path. Only the places that a test has put here exist. */
  readonly datagrams = new Map<string, string[]>();

  openDatagrams(host: string, port: number): Promise<DatagramSender> {
    return this.openUnixDatagrams(joinHostPort(host, port));
  }

  openUnixDatagrams(path: string): Promise<DatagramSender> {
    const received = this.datagrams.get(path);
    if (received === undefined) {
      return Promise.reject(new TransportError("local", `dial ${path}: nobody there`));
    }
    let isOpen = true;
    return Promise.resolve({
      send: (bytes) => void (isOpen && received.push(new TextDecoder().decode(bytes))),
      drained: () => Promise.resolve(),
      close: () => void (isOpen = false),
    });
  }

  memoryUsage(): MemoryUsage {
    return { usedBytes: 1_000, residentBytes: 2_000 };
  }

  cpuTimeMs(): number {
    return 0;
  }

  collectGarbage(): void {}

  onSignal(name: SignalName, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Reports a bug, as a timer's or a socket's callback that throws would. */
  fault: (error: unknown) => void = () => {};

  onFault(listener: (error: unknown) => void): void {
    this.fault = listener;
  }
}

/** Runs virtual time until `promise` settles, at most `limitMs`. */
export async function inTime<T>(platform: FakePlatform, promise: Promise<T>, limitMs = 20_000): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => isSettled = true);
  settled.catch(() => {});
  await settle();
  for (let ms = 0; ms < limitMs && !isSettled; ms += 50) {
    platform.simClock.runFor(50);
    await settle();
  }
  if (!isSettled) throw new Error(`not settled within ${limitMs} ms`);
  return await settled;
}

/** Runs virtual time, and lets promises go on meanwhile. */
export async function pass(platform: FakePlatform, ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= 50) {
    platform.simClock.runFor(Math.min(50, left));
    await settle();
  }
}

/** Lets all promises that can go on do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await null;
}
