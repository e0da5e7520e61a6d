/** The contracts, on the real clock and on real sockets of this machine. */
import { Address } from "../../lib/base/address.ts";
import { DenoClock } from "../../lib/platform/deno_clock.ts";
import { DenoStorage } from "../../lib/platform/deno_storage.ts";
import { DenoTransport } from "../../lib/platform/deno_transport.ts";
import { FaultHook } from "../../lib/platform/faults.ts";
import { clockContract } from "./clock_contract.ts";
import { storageContract } from "./storage_contract.ts";
import { transportContract, type TransportWorld } from "./transport_contract.ts";

clockContract("DenoClock", () => ({ clock: new DenoClock(new FaultHook()), pass, close() {} }));

// Streams are opened from the host's first address: only there does a peer see the address that we are bound to.
transportContract("DenoTransport over IPv4", () => denoWorld("127.0.0.1"));
transportContract("DenoTransport over IPv6", () => denoWorld("::1"));

storageContract("DenoStorage", () => {
  const directory = Deno.makeTempDirSync({ prefix: "serf-storage-" });
  let storage: DenoStorage | undefined;
  return {
    open() {
      storage?.close();
      return storage = new DenoStorage(`${directory}/snapshot`);
    },
    close() {
      storage?.close();
      Deno.removeSync(directory, { recursive: true });
    },
  };
});

function denoWorld(host: string): TransportWorld {
  const faults = new FaultHook();
  const clock = new DenoClock(faults);
  const bound: DenoTransport[] = [];
  const bind = () => {
    const transport = new DenoTransport(host, 0, { tcpTimeoutMs: 1000 }, clock, faults);
    bound.push(transport);
    return transport;
  };
  return {
    bind,
    deadAddress(): Address {
      const transport = bind();
      transport.close();
      return transport.bound;
    },
    async until(predicate, limitMs) {
      const endMs = performance.now() + limitMs;
      while (!predicate() && performance.now() < endMs) await pass(2);
      return predicate();
    },
    pass,
    close: () => bound.forEach((transport) => transport.close()),
  };
}

function pass(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
