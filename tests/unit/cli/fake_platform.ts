/** A platform of which a command line sees only what a test gives it: it keeps what was printed. */
import { TransportError } from "../../../lib/base/errors.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import type { Platform, SignalName, StreamConnection, Ui } from "../../../lib/platform/platform.ts";

/** Who answers a dialled connection. */
export type Listener = (host: string, port: number) => StreamConnection;

/** The parts of {@linkcode Platform} that commands other than `agent` use; touching any other part is a test's failure. */
export class FakePlatform {
  readonly clock = new SimClock();
  readonly random = new SeededRandom(1);
  stdout = "";
  stderr = "";
  readonly environment: Record<string, string> = {};
  /** Nobody listens while this is undefined. */
  listener: Listener | undefined;
  /** `host:port` of every connection attempt. */
  readonly dialled: string[] = [];
  readonly signalListeners = new Map<SignalName, Set<() => void>>();
  /** How many more texts standard output takes before its reader goes. */
  textsLeft = Infinity;
  readonly ui: Ui;

  constructor() {
    const isOpen = () => this.textsLeft > 0;
    this.ui = {
      out: (text) => {
        if (this.textsLeft-- > 0) this.stdout += text;
      },
      err: (text) => void (this.stderr += text),
      queueOut: () => {},
      flush: () => Promise.resolve(),
      get isOpen() {
        return isOpen();
      },
      exitCode: (code) => code,
    };
  }

  env(name: string): string | undefined {
    return this.environment[name];
  }

  resolveHost(host: string): Promise<string[]> {
    return Promise.resolve([host]);
  }

  dialStream(host: string, port: number): Promise<StreamConnection> {
    this.dialled.push(`${host}:${port}`);
    if (this.listener === undefined) {
      const text = `dial tcp ${host}:${port}: connect: connection refused`;
      return Promise.reject(new TransportError("refused", text));
    }
    return Promise.resolve(this.listener(host, port));
  }

  onSignal(name: SignalName, listener: () => void): () => void {
    const listeners = this.signalListeners.get(name) ?? new Set();
    this.signalListeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Sends a signal to whoever listens. */
  signal(name: SignalName): void {
    for (const listener of this.signalListeners.get(name) ?? []) listener();
  }

  /** As what commands take. */
  get platform(): Platform {
    return this as unknown as Platform;
  }
}
