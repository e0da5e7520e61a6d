/** The RPC listener of an agent: accepts clients and serves each in a session of its own. */
import type { Platform, StreamConnection, StreamListener } from "../platform/platform.ts";
import type { RpcBackend } from "./rpc_backend.ts";
import { RpcContext, type RpcCounters } from "./rpc_context.ts";
import { COMMANDS } from "./rpc_handlers.ts";
import { RpcSession } from "./rpc_session.ts";

/** Clients at once; those that come then replace strangers, or are turned away. HashiCorp's agents have no bound but the system's. */
export const CLIENTS_MAX = 1024;

/** Where to listen, and who may ask. */
export interface RpcServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** "" when clients need no key. */
  readonly authKey: string;
  /** @default {CLIENTS_MAX} */
  readonly clientsMax?: number;
  /** Called when a client has gone. */
  readonly onSessionEnd?: () => void;
}

/** One per agent. */
export class RpcServer {
  readonly #platform: Pick<Platform, "listenStream">;
  readonly #options: RpcServerOptions;
  readonly #clientsMax: number;
  readonly #context: RpcContext;
  readonly #sessions = new Set<RpcSession>(); // bounded: #clientsMax
  #listener: StreamListener | undefined;

  constructor(
    backend: RpcBackend,
    platform: Pick<Platform, "listenStream" | "clock">,
    options: RpcServerOptions,
  ) {
    this.#platform = platform;
    this.#options = options;
    this.#clientsMax = options.clientsMax ?? CLIENTS_MAX;
    this.#context = new RpcContext(backend, platform.clock, options.authKey);
  }

  /** The port that it listens on; valid after {@linkcode start}. */
  get port(): number {
    return this.#listener?.port ?? this.#options.port;
  }

  get clientCount(): number {
    return this.#sessions.size;
  }

  get counters(): Readonly<RpcCounters> {
    return this.#context.counters;
  }

  /** Begins to accept clients. @throws {TransportError} when it cannot listen; nothing has changed then. */
  start(): void {
    const listener = this.#platform.listenStream(this.#options.host, this.#options.port);
    this.#listener = listener;
    void this.#acceptAll(listener);
  }

  /** Stops listening and ends all connections at once. Idempotent. */
  close(): void {
    this.#listener?.close();
    for (const session of this.#sessions) session.close();
  }

  async #acceptAll(listener: StreamListener): Promise<void> {
    for (let client = await listener.accept(); client !== null; client = await listener.accept()) {
      if (this.#sessions.size < this.#clientsMax || this.#makeRoom()) void this.#serve(client);
      else this.#refuse(client);
    }
  }

  /**
   * Strangers could otherwise keep the operator out with idle connections. Of those who may not ask for anything yet,
   * the one who came first gives way, unless something waits for him: then the system may keep his connection.
   */
  #makeRoom(): boolean {
    for (const session of this.#sessions) {
      if (!session.isStranger || session.outbox.heldBytes > 0) continue;
      this.#context.counters.clientsRefused++;
      this.#context.log.refused(session.remote, this.#sessions.size);
      session.close();
      this.#sessions.delete(session);
      return true;
    }
    return false;
  }

  async #serve(client: StreamConnection): Promise<void> {
    this.#context.counters.clientsAccepted++;
    this.#context.backend.metrics.counter("agent.ipc.accept", 1);
    this.#context.log.accepted(client.remote);
    const session = new RpcSession(this.#context, COMMANDS, client);
    this.#sessions.add(session);
    await session.run();
    // What the system still holds of it counts: it is a descriptor and memory, and a client can cause it again and again.
    await client.released();
    this.#sessions.delete(session);
    this.#options.onSessionEnd?.();
  }

  #refuse(client: StreamConnection): void {
    this.#context.counters.clientsRefused++;
    this.#context.log.refused(client.remote, this.#sessions.size);
    client.close();
  }
}
