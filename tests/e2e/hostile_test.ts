/** Bytes that no friend would send, at every open port of the compiled agent: it stays up, small, quiet and useful. */
import { deepEqual, ok } from "../support/assert.ts";
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import { membersOf, type RunningAgent, sleep, withAgents } from "../support/agents.ts";
import { testOurs } from "../support/binaries.ts";
import { anonymousKib } from "../support/process_facts.ts";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async function isWell(binary: string, agent: RunningAgent): Promise<void> {
  deepEqual((await membersOf(binary, agent.rpc)).map((row) => [row.name, row.status]), [[
    agent.name,
    "alive",
  ]]);
}

/** Random bytes behind every known type byte, and nesting of every wrapper. */
function hostilePacket(random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(random.below(1400) + 1);
  random.fill(bytes);
  bytes[0] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 244, random.below(256)][random.below(16)]!;
  if (random.below(4) === 0) bytes.fill(7, 0, Math.min(bytes.length, 200));
  if (random.below(4) === 0 && bytes.length > 2) bytes[1] = 0x80 | random.below(16);
  return bytes;
}

async function floodUdp(host: string, count: number): Promise<void> {
  const random = new SeededRandom(1, "udp");
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  for (let i = 0; i < count; i++) {
    await socket.send(hostilePacket(random), { transport: "udp", hostname: host, port: 7946 });
    if (i % 100 === 0) await sleep(5);
  }
  socket.close();
}

async function floodTcp(host: string, port: number, count: number): Promise<void> {
  const random = new SeededRandom(2, `tcp${port}`);
  for (let i = 0; i < count; i++) {
    const conn = await Deno.connect({ hostname: host, port });
    try {
      await conn.write(hostilePacket(random));
      if (random.below(2) === 0) await conn.closeWrite();
      if (random.below(4) === 0) {
        await Promise.race([conn.read(new Uint8Array(1024)).catch(() => null), sleep(100)]);
      }
    } catch {
      // The agent may hang up at any time.
    }
    try {
      conn.close();
    } catch {
      // Already closed.
    }
  }
}

for (const [what, args] of [["plain", []], ["encrypted", [`-encrypt=${KEY}`]]] as const) {
  testOurs(
    `e2e: hostile bytes on UDP, TCP and RPC change nothing (${what})`,
    (ours) =>
      withAgents(async (start) => {
        const host = what === "plain" ? "127.0.70.1" : "127.0.70.2";
        const agent = await start({ binary: ours, name: "target", host, args });
        const before = await anonymousKib(agent.pid);
        await floodUdp(host, 10_000);
        await floodTcp(host, 7946, 300);
        await floodTcp(host, 7373, 300);
        await isWell(ours, agent);
        const grown = await anonymousKib(agent.pid) - before;
        ok(grown < 100_000, `anonymous memory grew by ${grown} KiB`);
        const lines = agent.output.split("\n").length;
        ok(lines < 2_500, `the log has ${lines} lines: logging of hostile input is not bounded`);
        ok(/\[(ERR|WARN)\] memberlist: /.test(agent.output), "the hostile input shows in the log");
      }),
  );
}

testOurs(
  "e2e: an alive with a version vector of 1 to 5 bytes is refused and not passed on",
  (ours) =>
    withAgents(async (start) => {
      const agent = await start({ binary: ours, name: "target", host: "127.0.70.3" });
      const witness = await start({
        binary: ours,
        name: "witness",
        host: "127.0.70.4",
        args: ["-join=127.0.70.3"],
      });
      const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      for (let length = 1; length <= 5; length++) {
        const text = (value: string) => [0xa0 | value.length, ...new TextEncoder().encode(value)];
        const vsn = [0xa0 | length, ...new Uint8Array(length).fill(2)];
        const message = new Uint8Array([
          4,
          0x86,
          ...text("Addr"),
          0xa4,
          127,
          9,
          9,
          length,
          ...text("Incarnation"),
          1,
          ...text("Meta"),
          0xa0,
          ...text("Node"),
          ...text(`bad${length}`),
          ...text("Port"),
          0xcd,
          0x1f,
          0x0a,
          ...text("Vsn"),
          ...vsn,
        ]);
        await socket.send(message, { transport: "udp", hostname: "127.0.70.3", port: 7946 });
      }
      await sleep(2_000);
      socket.close();
      for (const one of [agent, witness]) {
        deepEqual((await membersOf(ours, one.rpc)).map((row) => row.name), ["target", "witness"]);
      }
    }),
);

testOurs("e2e: streams that stay open or drip do not keep others out", (ours) =>
  withAgents(async (start) => {
    const agent = await start({ binary: ours, name: "target", host: "127.0.70.5" });
    const open: Deno.TcpConn[] = [];
    for (let i = 0; i < 300; i++) {
      const conn = await Deno.connect({ hostname: "127.0.70.5", port: i % 2 === 0 ? 7946 : 7373 });
      open.push(conn);
      // The start of a push/pull that announces a million nodes, and of an RPC request.
      await conn.write(
        new Uint8Array(i % 2 === 0 ? [6, 0x83, 0xa5, 0x4e, 0x6f, 0x64, 0x65, 0x73, 0xce, 0, 0x0f] : [0x82]),
      );
    }
    await start({ binary: ours, name: "friend", host: "127.0.70.6", args: ["-join=127.0.70.5"] });
    deepEqual((await membersOf(ours, agent.rpc)).map((row) => row.status), ["alive", "alive"]);
    for (const conn of open) {
      try {
        conn.close();
      } catch {
        // The agent's deadline was faster.
      }
    }
  }));
