/** Multicast on the local network: questions to a group, answers to one. */
import type { FaultHook } from "./faults.ts";
import type { MulticastLink, MulticastOptions } from "./platform.ts";
import { closeQuietly } from "./stream_io.ts";

/** No packet of a local network is longer. */
const RECEIVE_BYTES = 9_000;
const REST_MS = 100;

type OnPacket = (packet: Uint8Array, reply: (bytes: Uint8Array) => void) => void;

/** An interface, and the addresses of one family that it has. */
interface Place {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The system's number for it; 0 when it cannot be told. */
  readonly index: number;
}

/** What can be listened to of what was asked for: a group that cannot be joined is left out. */
export class DenoMulticast implements MulticastLink {
  readonly #options: MulticastOptions;
  readonly #faults: FaultHook;
  // bounded: one per group, and per interface for IPv6.
  readonly #listeners: Deno.DatagramConn[] = [];
  /** Where questions go: from which address, to which. bounded: as the above, one per address. */
  readonly #routes: { readonly from: string; readonly to: string }[] = [];

  private constructor(options: MulticastOptions, faults: FaultHook) {
    this.#options = options;
    this.#faults = faults;
  }

  /** @throws {Error} when not one group can be joined. */
  static async open(
    options: MulticastOptions,
    onPacket: OnPacket,
    faults: FaultHook,
  ): Promise<DenoMulticast> {
    const link = new DenoMulticast(options, faults);
    for (const group of options.groups) {
      const places = placesOf(options.interfaceName, group.includes(":") ? "IPv6" : "IPv4");
      if (group.includes(":")) { for (const place of places) await link.#joinV6(group, place, onPacket); }
      else await link.#joinV4(group, places, onPacket);
    }
    if (link.#listeners.length === 0) throw new Error("No multicast listeners could be started");
    return link;
  }

  ask(
    bytes: Uint8Array,
    onAnswer: (packet: Uint8Array) => void,
    onFailed: (error: unknown) => void,
  ): () => void {
    const sockets: Deno.DatagramConn[] = [];
    const sends = this.#routes.map(async ({ from, to }) => {
      const socket = listen(from, 0);
      sockets.push(socket);
      void this.#receive(socket, (packet) => onAnswer(packet));
      await socket.send(bytes, { transport: "udp", hostname: to, port: this.#options.port });
    });
    void Promise.allSettled(sends).then((outcomes) => {
      const failed = outcomes.filter((outcome) => outcome.status === "rejected");
      if (failed.length > 0 && failed.length === outcomes.length) onFailed(failed[0]!.reason);
    });
    return () => sockets.forEach(closeQuietly);
  }

  close(): void {
    this.#listeners.splice(0).forEach(closeQuietly);
  }

  /** One socket for all interfaces, bound to the group, so that nobody far away can ask it. */
  async #joinV4(group: string, places: readonly Place[], onPacket: OnPacket): Promise<void> {
    const addresses = places.flatMap((place) => place.addresses);
    const socket = attempt(() => listen(group, this.#options.port)) ??
      attempt(() => listen("0.0.0.0", this.#options.port));
    if (socket === undefined) return;
    const joined: string[] = [];
    for (const address of addresses) {
      await socket.joinMulticastV4(group, address).then(() => joined.push(address), () => {});
    }
    this.#listen(socket, joined.map((from) => ({ from, to: group })), "", onPacket);
  }

  /** A socket for each interface: addresses on a link mean nothing without its name. */
  async #joinV6(group: string, { name, index }: Place, onPacket: OnPacket): Promise<void> {
    const socket = attempt(() => listen(`${group}%${name}`, this.#options.port)) ??
      attempt(() => listen("::", this.#options.port));
    if (socket === undefined) return;
    const routes = await socket.joinMulticastV6(group, index).then(
      () => [{ from: "::", to: `${group}%${name}` }],
      () => [],
    );
    this.#listen(socket, routes, `%${name}`, onPacket);
  }

  #listen(
    socket: Deno.DatagramConn,
    routes: readonly { from: string; to: string }[],
    zone: string,
    onPacket: OnPacket,
  ): void {
    if (routes.length === 0) return closeQuietly(socket);
    this.#listeners.push(socket);
    this.#routes.push(...routes);
    void this.#receive(socket, (packet, from) => {
      // A socket of both families hears IPv4's group too, which has its own.
      if (from.hostname.startsWith("::ffff:")) return;
      const hostname = from.hostname.startsWith("fe80:") ? from.hostname + zone : from.hostname;
      onPacket(packet, (bytes) => {
        socket.send(bytes, { transport: "udp", hostname, port: from.port }).catch(() => {
          // Who asked is gone, or the network is: there is nobody to tell.
        });
      });
    });
  }

  /** Until the socket is closed. */
  async #receive(
    socket: Deno.DatagramConn,
    onPacket: (packet: Uint8Array, from: Deno.NetAddr) => void,
  ): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BYTES);
    for (;;) {
      let packet: Uint8Array, from: Deno.Addr;
      try {
        [packet, from] = await socket.receive(buffer);
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        // A broken socket must not become a busy loop.
        await new Promise((done) => setTimeout(done, REST_MS));
        continue;
      }
      try {
        onPacket(packet, from as Deno.NetAddr);
      } catch (error) {
        this.#faults.report(error);
      }
    }
  }
}

/** Shares the port with the system's own resolver and with other agents, which hear us on the same host too. */
function listen(hostname: string, port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress: true, loopback: true });
}

function attempt(open: () => Deno.DatagramConn): Deno.DatagramConn | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

/** @param only the interface's name; empty for every one. */
function placesOf(only: string, family: "IPv4" | "IPv6"): Place[] {
  const all = Deno.networkInterfaces().filter((entry) =>
    entry.family === family && (only === "" || entry.name === only)
  );
  return [...new Set(all.map((entry) => entry.name))].map((name) => {
    const own = all.filter((entry) => entry.name === name);
    const addresses = own.map((entry) => entry.address.split("%", 1)[0]!);
    return { name, addresses, index: own.map((entry) => entry.scopeid ?? 0).find((id) => id > 0) ?? 0 };
  });
}
