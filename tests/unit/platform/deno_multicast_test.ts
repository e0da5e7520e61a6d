import { deepEqual, equal, rejects } from "../../support/assert.ts";
import { DenoMulticast } from "../../../lib/platform/deno_multicast.ts";
import { FaultHook } from "../../../lib/platform/faults.ts";

/** On the loopback interface, whose packets nobody else hears. */
const HERE = { interfaceName: "lo", groups: ["224.0.0.251"] };

/** A port that is free right now. */
function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

Deno.test("DenoMulticast asks a group, its listeners hear it, and the asker hears their answers", async () => {
  const options = { ...HERE, port: freePort() };
  const heard: number[] = [];
  const open = (own: number) =>
    DenoMulticast.open(options, (packet, reply) => {
      heard.push(packet[0]!);
      reply(new Uint8Array([packet[0]! + own]));
    }, new FaultHook());
  const links = [await open(10), await open(20)];
  try {
    const answers: number[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = links[0]!.ask(new Uint8Array([1]), (packet) => {
      answers.push(packet[0]!);
      if (answers.length === 2) resolve();
    }, reject);
    await promise;
    end();
    deepEqual([heard, answers.sort()], [[1, 1], [11, 21]]);
  } finally {
    for (const link of links) link.close();
  }
});

Deno.test("DenoMulticast reports what a listener throws, and goes on listening", async () => {
  const options = { ...HERE, port: freePort() };
  const faults = new FaultHook();
  const faulty: unknown[] = [];
  faults.listen((error) => faulty.push(error));
  const link = await DenoMulticast.open(options, (packet, reply) => {
    if (packet[0] === 1) throw new Error("a bug");
    reply(packet);
  }, faults);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ends = [1, 2].map((number) => link.ask(new Uint8Array([number]), () => resolve(), reject));
    await promise;
    for (const end of ends) end();
    equal(faulty.length, 1);
  } finally {
    link.close();
    link.close();
  }
});

Deno.test("DenoMulticast tells when there is nothing to join", async () => {
  const open = (interfaceName: string, groups: string[]) =>
    DenoMulticast.open({ interfaceName, port: freePort(), groups }, () => {}, new FaultHook());
  const message = "No multicast listeners could be started";
  await rejects(open("no-such-interface", ["224.0.0.251", "ff02::fb"]), { message });
  await rejects(open("lo", []), { message });
});
