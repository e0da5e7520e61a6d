/** One simulated world: time, network, faults and the hash of all that happens, made from one seed. */
import { Address } from "../base/address.ts";
import { Faults } from "./faults.ts";
import { SimClock } from "./sim_clock.ts";
import { SimNetwork } from "./sim_network.ts";
import { TraceHash } from "./trace_hash.ts";

/** Which addresses the nodes of a world have. */
export type AddressFamily = "ipv4" | "ipv6";

/** Everything that the nodes of one run share. */
export class SimWorld {
  readonly clock = new SimClock();
  readonly trace = new TraceHash();
  readonly faults = new Faults();
  readonly network: SimNetwork;

  /** @param traced whether every delivery is mixed into the trace, which tells two runs apart, and costs time. */
  constructor(readonly seed: number, readonly family: AddressFamily = "ipv4", traced = true) {
    this.network = new SimNetwork(this.clock, seed, this.faults, traced ? this.trace : undefined);
  }

  /** The address of the `index`-th machine: `10.0.0.1:7946` and on, or `[fd00::1]:7946` and on. */
  address(index: number, port = 7946): Address {
    const number = index + 1;
    const host = this.family === "ipv6"
      ? `fd00::${(number >> 16).toString(16)}:${(number & 0xffff).toString(16)}`
      : `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
    return Address.fromHost(host, port);
  }
}
