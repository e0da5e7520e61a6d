import { deepEqual, equal, rejects } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import type { LogLevel } from "../../../lib/base/ports.ts";
import type { MulticastLink, MulticastOptions } from "../../../lib/platform/platform.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { Mdns, type MdnsOptions } from "../../../lib/agent/mdns.ts";
import { answersTo, encodeQuestion, endpointsIn, serviceName } from "../../../lib/agent/mdns_packets.ts";

const OPTIONS: MdnsOptions = {
  cluster: "clu",
  nodeName: "n1",
  address: Address.fromHost("10.0.0.1", 7946),
  interfaceName: "eth0",
  ipv4: true,
  ipv6: false,
  replay: true,
};
const SERVICE = serviceName("clu");

/** A network on which the test is everybody else. */
class FakeNetwork {
  readonly clock = new SimClock();
  readonly log: string[] = [];
  readonly joins: [addresses: readonly string[], replay: boolean][] = [];
  joinFailure: Error | undefined = undefined;
  options: MulticastOptions | undefined = undefined;
  questions = 0;
  openQuestions = 0;
  isOpen = true;
  answer: (packet: Uint8Array) => void = () => {};
  fail: (error: unknown) => void = () => {};
  query: (packet: Uint8Array, reply: (bytes: Uint8Array) => void) => void = () => {};

  start(options: MdnsOptions = OPTIONS): Promise<Mdns> {
    const openMulticast = (
      options: MulticastOptions,
      onPacket: FakeNetwork["query"],
    ): Promise<MulticastLink> => {
      this.options = options;
      this.query = onPacket;
      return Promise.resolve({
        ask: (_bytes, onAnswer, onFailed) => {
          this.questions++;
          this.openQuestions++;
          this.answer = onAnswer;
          this.fail = onFailed;
          return () => this.openQuestions--;
        },
        close: () => void (this.isOpen = false),
      });
    };
    const logger = { enabled: () => true, log: (_: LogLevel, text: string) => void this.log.push(text) };
    return Mdns.start(
      options,
      { clock: this.clock, hostname: () => "box", openMulticast },
      logger,
      (addresses, replay) => {
        this.joins.push([addresses, replay]);
        return this.joinFailure === undefined
          ? Promise.resolve(addresses.length)
          : Promise.reject(this.joinFailure);
      },
    );
  }

  /** Somebody at `host` answers. */
  answerFrom(host: string): void {
    const own = {
      service: SERVICE,
      cluster: "clu",
      nodeName: "x",
      hostName: "y",
      address: Address.fromHost(host, 1),
    };
    this.answer(answersTo(encodeQuestion(SERVICE), own)[0]!);
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

Deno.test("Mdns joins what it found, together, once it is quiet, and each only once", async () => {
  const network = new FakeNetwork();
  const mdns = await network.start();
  deepEqual(network.options, { interfaceName: "eth0", port: 5353, groups: ["224.0.0.251"] });
  network.answerFrom("10.0.0.2");
  network.clock.runFor(60);
  network.answerFrom("10.0.0.3");
  network.answerFrom("10.0.0.2");
  network.clock.runFor(60);
  deepEqual(network.joins, []);
  network.clock.runFor(50);
  deepEqual(network.joins, [[["10.0.0.2:1", "10.0.0.3:1"], true]]);
  await settled();
  deepEqual(network.log, ["agent.mdns: Joined 2 hosts"]);
  network.clock.runFor(60_000);
  network.answerFrom("10.0.0.3");
  network.clock.runFor(200);
  equal(network.joins.length, 1);
  mdns.stop();
});

Deno.test("Mdns asks at once and then every minute, and hears answers for a second", async () => {
  const network = new FakeNetwork();
  const mdns = await network.start();
  equal(network.questions, 1);
  network.clock.runFor(999);
  equal(network.openQuestions, 1);
  network.clock.runFor(2);
  equal(network.openQuestions, 0);
  network.clock.runFor(58_000);
  equal(network.questions, 1);
  network.clock.runFor(1_000);
  equal(network.questions, 2);
  mdns.stop();
});

Deno.test("Mdns says when asking or joining failed, and goes on", async () => {
  const network = new FakeNetwork();
  const mdns = await network.start();
  network.joinFailure = new Error("no such thing");
  network.fail(new Error("network is unreachable"));
  network.answerFrom("10.0.0.2");
  network.clock.runFor(200);
  await settled();
  deepEqual(network.log, [
    "agent.mdns: Failed to poll for new hosts: network is unreachable",
    "agent.mdns: Failed to join: no such thing",
  ]);
  network.clock.runFor(60_000);
  equal(network.questions, 2);
  mdns.stop();
});

Deno.test("Mdns is found by others", async () => {
  const network = new FakeNetwork();
  const mdns = await network.start();
  const replies: Uint8Array[] = [];
  network.query(encodeQuestion(SERVICE), (bytes) => replies.push(bytes));
  network.query(encodeQuestion(serviceName("other")), (bytes) => replies.push(bytes));
  deepEqual(replies.map((reply) => endpointsIn(reply, SERVICE)), [["10.0.0.1:7946"]]);
  mdns.stop();
});

Deno.test("Mdns.stop() ends it all, and may be called again", async () => {
  const network = new FakeNetwork();
  const mdns = await network.start();
  network.answerFrom("10.0.0.2");
  mdns.stop();
  mdns.stop();
  network.clock.runFor(200_000);
  deepEqual([network.isOpen, network.joins.length, network.questions], [false, 0, 1]);
});

Deno.test("Mdns joins of a stranger's inventions a bounded number", async () => {
  const network = new FakeNetwork();
  const mdns = await network.start();
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 300; i++) network.answerFrom(`10.${round}.${i >> 8}.${i & 255}`);
    network.clock.runFor(150);
  }
  const sizes = network.joins.map(([addresses]) => addresses.length);
  equal(Math.max(...sizes), 256);
  equal(sizes.reduce((sum, size) => sum + size, 0), 4_096);
  mdns.stop();
});

Deno.test("Mdns refuses a cluster that DNS cannot name", async () => {
  await rejects(
    new FakeNetwork().start({ ...OPTIONS, cluster: "x".repeat(80) }),
    /does not fit into a DNS name/,
  );
});
