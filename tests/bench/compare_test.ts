/** The comparison with HashiCorp's agent, without agents: how it measures in turns, what it says, whom it answers for. */
import { encodeMembers } from "../../scripts/bench/inject.ts";
import { alternate, type Group, measureGroup, type Side } from "../../scripts/bench/meter.ts";
import { findProgram, parseBenchOptions } from "../../scripts/bench/options.ts";
import { encodePing } from "../../scripts/bench/ping_flood.ts";
import { startResponder } from "../../scripts/bench/responder.ts";
import { answersTo } from "../../scripts/bench/responder_answers.ts";
import {
  isReached,
  renderAgainstBaseline,
  renderMarkdown,
  renderText,
  type Row,
  toBaseline,
} from "../../scripts/bench/table.ts";
import {
  compressMessage,
  createAck,
  decodeAck,
  MessageType,
  PushPullMessage,
} from "../../lib/memberlist/messages.ts";
import { encodeCompound } from "../../lib/wire/compound.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";
import { deepEqual, equal, ok, throws } from "../support/assert.ts";

const side = (role: Side["role"]): Side => ({ role, binary: role, network: "127.0.0" });

Deno.test("alternate() takes turns and gives medians", async () => {
  const order: string[] = [];
  const meter = (name: string, values: number[]) => ({
    sample: () => {
      order.push(name);
      return Promise.resolve(values.shift()!);
    },
  });
  const medians = await alternate([meter("ours", [9, 1, 2]), meter("peer", [5, 7, 6])], 3);
  deepEqual(medians, [2, 6]);
  deepEqual(order, ["ours", "peer", "ours", "peer", "ours", "peer"]);
});

Deno.test("measureGroup() measures the roles that it is for, and closes what it opened, also when a meter fails", async () => {
  const events: string[] = [];
  const group: Group = {
    name: "test",
    roles: ["ours", "floor"],
    figures: [{ what: "x", unit: "ms", goal: { of: "floor", ratioMax: 2 }, rounds: 3, quickRounds: 1 }],
    open: ({ role }) => {
      events.push(`open ${role}`);
      const sample = () => {
        events.push(role);
        if (events.length > 6) throw new Error("broken");
        return Promise.resolve(role === "ours" ? 3 : 2);
      };
      return Promise.resolve({
        meters: [{ sample }],
        close: () => Promise.resolve(void events.push(`close ${role}`)),
      });
    },
  };
  const sides = [side("ours"), side("peer"), side("floor")];
  const rows: Row[] = [];
  await measureGroup(group, sides, { isQuick: true, scale: 1, untilMs: Infinity }, (row) => rows.push(row));
  deepEqual(rows.map(({ ours, peer, floor }) => [ours, peer, floor]), [[3, NaN, 2]]);
  deepEqual(events, ["open ours", "open floor", "ours", "floor", "close ours", "close floor"]);

  await measureGroup(group, sides, { isQuick: true, scale: 1, untilMs: -1 }, (row) => rows.push(row));
  equal(rows.length, 1);

  events.length = 0;
  let message = "";
  await measureGroup(group, sides, { isQuick: false, scale: 1, untilMs: Infinity }, () => {}).catch(
    (error: Error) => {
      message = error.message;
    },
  );
  equal(message, "broken");
  deepEqual(events.slice(-2), ["close ours", "close floor"]);
});

const row = (what: string, ours: number, peer: number, floor: number, goal: Row["goal"]): Row => ({
  what,
  unit: "us",
  ours,
  peer,
  floor,
  goal,
});
const ROWS = [
  row("met", 20, 100, NaN, { of: "peer", ratioMax: 0.2 }),
  row("over", 21, 100, NaN, { of: "peer", ratioMax: 0.2 }),
  row("near the floor", 84.9, 8, 84, { of: "floor", plus: 1 }),
  row("enough", 21, 22, NaN, { of: "peer", ratioMax: 0.2, enough: 21 }),
  row("too much", 22, 22, NaN, { of: "peer", ratioMax: 0.2, enough: 21 }),
  row("alone", 20, NaN, NaN, { of: "peer", ratioMax: 0.2 }),
];

Deno.test("table: a goal is a bound on the ratio to the peer or the floor, on the figure, or on the distance from the floor", () => {
  deepEqual(ROWS.map(isReached), [true, false, true, true, false, undefined]);
  ok(renderText(ROWS).includes("<= 0.20 or 21 us"));
  ok(renderText(ROWS).includes("over"));
  deepEqual(
    renderMarkdown(ROWS).split("\n").slice(1, 4),
    [
      "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |",
      "| met | 20.0 us | 100 us | 0.20 | - | - | <= 0.20 | reached |",
      "| over | 21.0 us | 100 us | 0.21 | - | - | <= 0.20 | **missed** |",
    ],
  );
});

Deno.test("table: a baseline keeps what was compared, and shows the change", () => {
  deepEqual(toBaseline(ROWS), {
    met: 0.2,
    over: 0.21,
    "near the floor": 1.01,
    enough: 0.955,
    "too much": 1,
  });
  const lines = renderAgainstBaseline(ROWS, { met: 0.25, over: 0.2 }).split("\n");
  deepEqual(lines[1]!.split(/ {2,}/), ["met", "0.20", "0.25", "-20 %"]);
  deepEqual(lines[2]!.split(/ {2,}/), ["over", "0.21", "0.20", "+5 %"]);
  deepEqual(lines[3]!.split(/ {2,}/), ["near the floor", "1.01", "-", "-"]);
});

Deno.test("bench options: with or without --, a baseline's file may be left out", () => {
  const parsed = parseBenchOptions(["--", "--against", "serf", "--baseline", "--quick"], "here.json");
  deepEqual([parsed.against, parsed.baseline, parsed.isQuick, parsed.isMarkdown], [
    "serf",
    "here.json",
    true,
    false,
  ]);
  deepEqual(parseBenchOptions(["--only", "ping,start"], "").only, ["ping", "start"]);
  throws(() => parseBenchOptions(["--fast"], ""), /unknown argument --fast/);
  throws(() => parseBenchOptions(["--against", "--quick"], ""), /--against needs a value/);
});

Deno.test("findProgram() looks a name up on PATH, and takes a path as it is", () => {
  equal(findProgram("sh", "/nowhere:/bin"), "/bin/sh");
  equal(findProgram("sh", "/nowhere"), undefined);
  equal(findProgram("./sh", "/bin"), "./sh");
});

Deno.test("encodeMembers() is a push/pull with that many members at that port", () => {
  const message = new PushPullMessage(encodeMembers(300, 5_000));
  const seen: string[] = [];
  message.forEachNode(({ name, addr, port }) => seen.push(`${name} ${addr.join(".")}:${port}`));
  equal(seen.length, 300);
  equal(seen[299], "member-00299 127.9.1.43:5000");
});

function acked(packet: Uint8Array): number[] {
  return answersTo(packet).map((bytes) => {
    const ack = createAck();
    equal(bytes[0], MessageType.ack);
    decodeAck(bytes, 1, bytes.length, ack);
    return ack.seqNo;
  });
}

Deno.test("answersTo() acknowledges every ping, however it is wrapped", () => {
  const writer = new MsgpackWriter();
  encodeCompound(writer, [encodePing("a", 7), Uint8Array.of(MessageType.dead), encodePing("b", 8)]);
  const compound = writer.copy();
  deepEqual(acked(encodePing("a", 5)), [5]);
  deepEqual(acked(compound), [7, 8]);
  deepEqual(acked(Uint8Array.of(MessageType.crc, 0, 0, 0, 0, ...compound)), [7, 8]);
  deepEqual(acked(Uint8Array.of(MessageType.user, 1)), []);
  writer.reset();
  ok(compressMessage(writer, compound, false));
  deepEqual(acked(writer.copy()), [7, 8]);
});

Deno.test("a responder answers at every loopback address, and counts", async () => {
  const responder = await startResponder();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    const ping = encodePing("anybody", 3);
    await socket.send(ping, { transport: "udp", hostname: "127.9.1.2", port: responder.port });
    const [answer] = await socket.receive();
    equal(answer[0], MessageType.ack);
    deepEqual(await responder.traffic(), { packetsIn: 1, bytesIn: ping.length, bytesOut: answer.length });
  } finally {
    socket.close();
    responder.close();
  }
});
