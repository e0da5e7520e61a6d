/**
 * Answers for members that do not exist: a port at which every address of 127.0.0.0/8 acknowledges pings, in a thread
 * of its own, so that what the bench does meanwhile holds up no answer.
 */

/** What came and went at the port. */
export interface Traffic {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A running thread of {@linkcode startResponder}. */
export interface Responder {
  readonly port: number;
  /** All that was counted so far. */
  traffic(): Promise<Traffic>;
  /** From now on pings `host:7946` every `intervalMs`, as a cluster's members together do. */
  ping(host: string, name: string, intervalMs: number): void;
  close(): void;
}

/** What the thread is told. */
export type ResponderCommand =
  | { readonly kind: "traffic" }
  | { readonly kind: "ping"; readonly host: string; readonly name: string; readonly intervalMs: number };

/** What the thread says. */
export type ResponderReply = { readonly port: number } | Traffic;

/** Starts the thread, and waits until it has its port. */
export async function startResponder(): Promise<Responder> {
  const worker = new Worker(new URL("responder_worker.ts", import.meta.url), { type: "module" });
  // Questions are asked one at a time, and each has one reply.
  const next = () =>
    new Promise<ResponderReply>((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
  const { port } = await next() as { port: number };
  const send = (command: ResponderCommand) => worker.postMessage(command);
  return {
    port,
    traffic: () => {
      const reply = next();
      send({ kind: "traffic" });
      return reply as Promise<Traffic>;
    },
    ping: (host, name, intervalMs) => send({ kind: "ping", host, name, intervalMs }),
    close: () => worker.terminate(),
  };
}

/** At rest an agent sends a ping or two in a second. */
const QUIET_PACKETS = 6;
const LOOK_MS = 3_000;

/** Waits until an agent has told all its news: until it sends next to nothing. @returns whether it did in time. */
export async function settled(responder: Responder, limitMs: number): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  for (let before = -Infinity; performance.now() < endMs;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { packetsIn } = await responder.traffic();
    if (packetsIn - before <= QUIET_PACKETS) return true;
    before = packetsIn;
  }
  return false;
}
