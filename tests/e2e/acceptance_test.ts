/**
 * Every hand-made packet of `tests/golden/acceptance.json`, sent to the compiled agent over a real socket, gets the
 * answer that agents of HashiCorp's Serf gave: an ack with the right sequence number, or silence.
 */
import { deepEqual } from "../support/assert.ts";
import { sleep, withAgents } from "../support/agents.ts";
import { testOurs } from "../support/binaries.ts";

interface AcceptanceCase {
  readonly name: string;
  readonly hex: string;
  readonly result: Record<string, string>;
}

const FILE = new URL("../golden/acceptance.json", import.meta.url);

/** Hex text; `...(N bytes)` at its end stands for the last byte repeated up to N bytes. */
function fromHex(hex: string): Uint8Array {
  const [digits, total] = hex.split("...");
  const bytes = digits!.match(/../g)!.map((byte) => parseInt(byte, 16));
  const length = Number(total?.match(/[0-9]+/)?.[0] ?? bytes.length);
  const packet = new Uint8Array(length).fill(bytes.at(-1)!);
  packet.set(bytes);
  return packet;
}

/** The sequence number of the ack in a plain packet, wherever in it: `a5 "SeqNo"` and an unsigned integer. */
function ackSequence(packet: Uint8Array): number | undefined {
  for (let i = 1; i + 6 < packet.length; i++) {
    if (packet[i] !== 0xa5 || new TextDecoder().decode(packet.subarray(i + 1, i + 6)) !== "SeqNo") continue;
    const view = new DataView(packet.buffer, packet.byteOffset + i + 6);
    const head = view.getUint8(0);
    if (head < 0x80) return head;
    return head === 0xcc ? view.getUint8(1) : head === 0xcd ? view.getUint16(1) : view.getUint32(1);
  }
  return undefined;
}

testOurs(
  "e2e: every case of acceptance.json is answered as HashiCorp's agents answer it",
  (ours) =>
    withAgents(async (start) => {
      const { cases } = JSON.parse(await Deno.readTextFile(FILE)) as { cases: AcceptanceCase[] };
      await start({
        binary: ours,
        name: "peerA",
        host: "127.0.0.71",
        args: ["-bind=127.0.0.71:21700", "-disable-compression"],
      });
      const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.72", port: 21710 });
      let answer: Uint8Array | undefined;
      const receiving = (async () => {
        for await (const [packet] of socket) answer = packet.slice();
      })();
      const wrong: string[] = [];
      for (const { name, hex, result } of cases) {
        const expected = result["0.9.4"]!;
        answer = undefined;
        await socket.send(fromHex(hex), { transport: "udp", hostname: "127.0.0.71", port: 21700 });
        for (
          let waited = 0;
          waited < (expected === "NO REPLY" ? 60 : 2_000) && answer === undefined;
          waited += 5
        ) await sleep(5);
        const got = answer === undefined ? "NO REPLY" : `ACK seq=${ackSequence(answer)}`;
        if (got !== expected) wrong.push(`${name}: expected ${expected}, got ${got}`);
      }
      socket.close();
      await receiving;
      deepEqual(wrong, []);
    }),
);
