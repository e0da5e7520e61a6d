/** The one real {@linkcode Platform}. */
import { DenoClock } from "./deno_clock.ts";
import { DenoFiles } from "./deno_files.ts";
import {
  collectGarbage,
  cpuTimeMs,
  defaultInterface,
  hasInterface,
  hostname,
  interfaceAddresses,
  memoryUsage,
  onSignal,
  resolveHost,
  runtimeInfo,
} from "./deno_host.ts";
import { DenoRandom } from "./deno_random.ts";
import { DenoStreamListener, dialStream } from "./deno_stream.ts";
import { DenoUi } from "./deno_ui.ts";
import { FaultHook } from "./faults.ts";
import { dialLookupError } from "./go_errors.ts";
import type { Platform } from "./platform.ts";

/** Builds the record. Cheap: what only an agent needs is loaded when it is first asked for. */
export function createPlatform(): Platform {
  const faults = new FaultHook();
  const clock = new DenoClock(faults);
  return {
    clock,
    random: new DenoRandom(),
    ui: new DenoUi(),
    files: new DenoFiles(),
    runtime: runtimeInfo(),
    env: (name) => Deno.env.get(name),
    hostname,
    interfaces: interfaceAddresses,
    hasInterface,
    defaultInterface,
    resolveHost,
    async bindGossip(host, port, options) {
      const { DenoTransport } = await import("./deno_transport.ts");
      return new DenoTransport(host, port, options, clock, faults);
    },
    async openStorage(path) {
      const { DenoStorage } = await import("./deno_storage.ts");
      return new DenoStorage(path);
    },
    listenStream: (host, port) => new DenoStreamListener(host, port),
    async dialStream(host, port, timeoutMs) {
      const hosts = host === "" ? [host] : await resolveHost(host).catch((cause) => {
        throw dialLookupError(cause);
      });
      return dialStream(hosts, port, timeoutMs);
    },
    async runScript(script, options) {
      const { runScript } = await import("./deno_process.ts");
      return await runScript(script, options);
    },
    async openDatagrams(host, port) {
      const { openDatagrams } = await import("./datagram_sender.ts");
      return openDatagrams(host, port);
    },
    async openUnixDatagrams(path) {
      const { openUnixDatagrams } = await import("./datagram_sender.ts");
      return await openUnixDatagrams(path);
    },
    memoryUsage,
    cpuTimeMs,
    collectGarbage,
    async openMulticast(options, onPacket) {
      const { DenoMulticast } = await import("./deno_multicast.ts");
      return await DenoMulticast.open(options, onPacket, faults);
    },
    onSignal,
    onFault: (listener) => faults.listen(listener),
  };
}
