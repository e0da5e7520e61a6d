/**
 * Every hand-made datagram that real agents (Serf 0.9.4 and 0.10.1) were tried with gets the answer that they gave.
 * The cases are in acceptance.json; its note says how they were made.
 */
import { equal } from "../support/assert.ts";
import { Address } from "../../lib/base/address.ts";
import { messagesOf, World } from "../unit/memberlist/fakes.ts";
import acceptance from "./acceptance.json" with { type: "json" };

const AGENT = Address.fromHost("127.0.0.71", 21700);
const SENDER = Address.fromHost("127.0.0.72", 21710);

/** Hex text; `...(N bytes)` at its end stands for the last byte repeated up to N bytes. */
function fromHex(hex: string): Uint8Array {
  const [digits, rest] = hex.split("...");
  const bytes = digits!.match(/../g)!.map((byte) => parseInt(byte, 16));
  const length = rest === undefined ? bytes.length : Number(/[0-9]+/.exec(rest)![0]);
  const packet = new Uint8Array(length).fill(bytes.at(-1)!);
  packet.set(bytes);
  return packet;
}

/** What the sender gets back within a second, in the file's words. */
function answerTo(packet: Uint8Array): string {
  const world = new World({ name: "peerA", local: { address: AGENT } });
  world.memberlist.onPacket(SENDER, packet);
  world.runFor(1000);
  for (const { to, bytes } of world.transport.packets) {
    if (to !== SENDER.toString()) continue;
    for (const { ack } of messagesOf(bytes)) if (ack !== undefined) return `ACK seq=${ack.seqNo}`;
  }
  return "NO REPLY";
}

for (const { name, hex, result } of acceptance.cases) {
  for (const [version, expected] of Object.entries(result)) {
    Deno.test(`golden: acceptance: ${name}: as Serf ${version}`, () => {
      equal(answerTo(fromHex(hex)), expected);
    });
  }
}

/** Up to where the words of a codec begin, which are its own. */
const commonWords = (line: string) => /^Failed to decode [a-z ]+:/.exec(line)?.[0] ?? line;

for (const { name, hex, agent_log } of acceptance.cases) {
  const theirs = agent_log["0.10.1"];
  // Go's resolver and its label reader have words that we do not follow.
  if (theirs === "" || theirs.includes("no such host") || theirs.includes("label")) continue;
  Deno.test(`golden: acceptance: ${name}: what the log says`, () => {
    const world = new World({ name: "peerA", local: { address: AGENT } });
    world.memberlist.onPacket(SENDER, fromHex(hex));
    equal(world.logger.matching(`memberlist: ${commonWords(theirs)}`).length, 1, world.logger.lines.join());
  });
}

Deno.test("golden: acceptance: the answer carries our own announcement, as real ones do", () => {
  const world = new World({ name: "peerA", local: { address: AGENT } });
  world.memberlist.onPacket(SENDER, fromHex(acceptance.cases[0]!.hex));
  const messages = world.takeMessages();
  equal(messages.length, 2);
  equal(messages[0]!.ack!.seqNo, 101);
  equal(messages[1]!.alive!.node, "peerA");
});
