/** The contracts, on the simulated world. */
import { Address } from "../../lib/base/address.ts";
import { SimClock } from "../../lib/sim/sim_clock.ts";
import { SimNetwork, type SimTransport } from "../../lib/sim/sim_network.ts";
import { SimProcess } from "../../lib/sim/sim_process.ts";
import { clockContract } from "./clock_contract.ts";
import { SimDisk } from "../../lib/sim/sim_storage.ts";
import { storageContract } from "./storage_contract.ts";
import { transportContract, type TransportWorld } from "./transport_contract.ts";

clockContract("SimClock", () => {
  const clock = new SimClock();
  return { clock, pass: passOn(clock), close() {} };
});

clockContract("SimProcess", () => {
  const world = new SimClock();
  const process = new SimProcess(world);
  return { clock: process, pass: passOn(world), close: () => process.kill() };
});

transportContract("SimNetwork over IPv4", () => simWorld((index) => `10.1.0.${index}`));
transportContract("SimNetwork over IPv6", () => simWorld((index) => `fd00::${index}`));

storageContract("SimStorage", () => {
  const disk = new SimDisk();
  return { open: () => disk.open(), close() {} };
});

function simWorld(hostOf: (index: number) => string): TransportWorld {
  const clock = new SimClock();
  const network = new SimNetwork(clock, 5);
  const bound: SimTransport[] = [];
  return {
    bind() {
      const transport = network.attach(Address.fromHost(hostOf(bound.length + 1), 7946));
      bound.push(transport);
      return transport;
    },
    deadAddress: () => Address.fromHost(hostOf(200), 7946),
    until: (predicate, limitMs) => Promise.resolve(clock.runUntil(predicate, limitMs)),
    pass: passOn(clock),
    close: () => bound.forEach((transport) => transport.close()),
  };
}

function passOn(clock: SimClock): (ms: number) => Promise<void> {
  return (ms) => {
    clock.runFor(ms);
    return Promise.resolve();
  };
}
