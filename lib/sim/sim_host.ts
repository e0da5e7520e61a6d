/** One address of the simulated network, and what a transport and an exchange need of each other. */
import type { Address } from "../base/address.ts";
import type { TransportSink } from "../base/ports.ts";
import type { SimProcess } from "./sim_process.ts";

/** Who listens at an address: one life of one node's sockets. */
export interface Listener {
  readonly bound: Address;
  readonly process: SimProcess;
  /** Undefined until started and after the end. */
  readonly sink: TransportSink | undefined;
}

/** An address. It outlives the processes that listen there, one after the other. */
export class SimHost {
  /** The present listener, if any. */
  listener: Listener | undefined = undefined;
  /** Datagrams that wait in the socket's buffer because the process is blocked. */
  waitingPackets = 0;

  /** @param index the number by which faults know it. */
  constructor(readonly address: Address, readonly index: number) {}

  /** Who would be handed something now: a listener that has started and whose process lives. */
  get receiver(): Listener | undefined {
    const listener = this.listener;
    if (listener === undefined || listener.sink === undefined || !listener.process.alive) return undefined;
    return listener;
  }
}
