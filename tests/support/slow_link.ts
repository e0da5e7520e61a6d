/**
 * A network between agents on one machine that takes its time and may lose packets. The kernel's own means (`tc qdisc add
 * ... netem`) is a module that many kernels lack, those of small virtual machines among them; this one needs nothing.
 *
 * Each agent advertises an address on the link. What is sent there is carried to the agent, and seems to come from the
 * sender's address on the link: packets of UDP each for itself, TCP as streams.
 */
const PORT = 7946;

interface Attached {
  /** Where the agent is bound. */
  readonly near: string;
  /** Where the others send to. */
  readonly far: string;
  readonly packets: Deno.DatagramConn;
  readonly streams: Deno.TcpListener;
}

export class SlowLink {
  readonly #delayMs: number;
  /** By the address that agents are bound to. bounded: by the test's agents. */
  readonly #attached = new Map<string, Attached>();
  /** `from to`. bounded: by the pairs of agents. */
  readonly #cut = new Set<string>();
  /** bounded: two for each connection under way. */
  readonly #connections = new Set<Deno.Conn>();
  /** What is done for each address. bounded: two for each of the test's agents. */
  readonly #carriers: Promise<void>[] = [];
  /** What is on its way. bounded: by what agents send within the delay. */
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  /** @param delayMs how long everything takes, each way. */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Connects an agent that is bound to `near` and advertises `far`, both with the default port. */
  attach(near: string, far: string): void {
    const packets = Deno.listenDatagram({ transport: "udp", hostname: far, port: PORT });
    const streams = Deno.listen({ hostname: far, port: PORT });
    const attached = { near, far, packets, streams };
    this.#attached.set(near, attached);
    this.#carriers.push(this.#carryPackets(attached), this.#carryStreams(attached));
  }

  /** From now on packets from one agent to another are lost; streams, and the other direction, are not. */
  cut(fromNear: string, toNear: string): void {
    this.#cut.add(`${fromNear} ${toNear}`);
  }

  /** Nothing is lost any more. */
  mend(): void {
    this.#cut.clear();
  }

  /** Its addresses are free afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { packets, streams } of this.#attached.values()) {
      packets.close();
      streams.close();
    }
    for (const timer of this.#timers) clearTimeout(timer);
    for (const connection of this.#connections) closeQuietly(connection);
    await Promise.allSettled(this.#carriers);
  }

  async #carryPackets(to: Attached): Promise<void> {
    for await (const [packet, source] of to.packets) {
      const from = (source as Deno.NetAddr).hostname;
      const sender = this.#attached.get(from);
      if (sender === undefined || this.#cut.has(`${from} ${to.near}`)) continue;
      const address = { transport: "udp", hostname: to.near, port: PORT } as const;
      // Who has ended hears nothing; nor does anybody once the link is gone.
      this.#later(() => void sender.packets.send(packet, address).catch(() => {}));
    }
  }

  async #carryStreams(to: Attached): Promise<void> {
    for await (const inbound of to.streams) {
      const outbound = await Deno.connect({ hostname: to.near, port: PORT }).catch(() => undefined);
      if (outbound === undefined) {
        closeQuietly(inbound);
        continue;
      }
      this.#connections.add(inbound).add(outbound);
      void this.#carry(inbound, outbound);
      void this.#carry(outbound, inbound);
    }
  }

  async #carry(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    // Written in the order in which it came.
    let written: Promise<unknown> = Promise.resolve();
    const deliver = (write: () => Promise<unknown>) =>
      this.#later(() => written = written.then(write).catch(() => closeQuietly(from)));
    try {
      for (;;) {
        const chunk = new Uint8Array(16_384);
        const count = await from.read(chunk);
        if (count === null) break;
        deliver(() => writeAll(to, chunk.subarray(0, count)));
      }
    } catch {
      // A connection that breaks ends both ways.
    }
    deliver(() => to.closeWrite());
  }

  #later(run: () => void): void {
    if (this.#delayMs === 0) return run();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, this.#delayMs);
    this.#timers.add(timer);
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await to.write(bytes.subarray(done));
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It has already ended.
  }
}
