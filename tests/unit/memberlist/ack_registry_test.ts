import { deepEqual, equal } from "../../support/assert.ts";
import { AckRegistry, type AckSink } from "../../../lib/memberlist/ack_registry.ts";

class Recorder implements AckSink {
  acks: Uint8Array[] = [];
  nacks = 0;
  onAck(payload: Uint8Array): void {
    this.acks.push(payload);
  }
  onNack(): void {
    this.nacks++;
  }
}

Deno.test("AckRegistry counts sequence numbers from 1", () => {
  const acks = new AckRegistry();
  deepEqual([acks.register(new Recorder()), acks.register(new Recorder())], [1, 2]);
});

Deno.test("AckRegistry.onAck() is for the first ack only; unknown numbers are ignored", () => {
  const acks = new AckRegistry();
  const sink = new Recorder();
  const seqNo = acks.register(sink);
  equal(acks.onAck(seqNo + 1, Uint8Array.of(1)), false);
  equal(acks.onAck(seqNo, Uint8Array.of(2)), true);
  equal(acks.onAck(seqNo, Uint8Array.of(3)), false);
  deepEqual(sink.acks, [Uint8Array.of(2)]);
  equal(acks.size, 0);
});

Deno.test("AckRegistry.onNack() leaves the entry: an ack may still come", () => {
  const acks = new AckRegistry();
  const sink = new Recorder();
  const seqNo = acks.register(sink);
  acks.onNack(seqNo);
  acks.onNack(seqNo);
  equal(sink.nacks, 2);
  equal(acks.onAck(seqNo, new Uint8Array(0)), true);
  equal(acks.onNack(seqNo), false);
});

Deno.test("AckRegistry.release() ends the wait", () => {
  const acks = new AckRegistry();
  const sink = new Recorder();
  const seqNo = acks.register(sink);
  acks.release(seqNo);
  acks.release(seqNo);
  equal(acks.onAck(seqNo, new Uint8Array(0)), false);
  deepEqual(sink.acks, []);
});

Deno.test("AckRegistry is full at its bound, and has room again after an ack", () => {
  const acks = new AckRegistry();
  let last = 0;
  while (!acks.isFull) last = acks.register(new Recorder());
  equal(acks.size, 1024);
  acks.onAck(last, new Uint8Array(0));
  equal(acks.isFull, false);
});

Deno.test("AckRegistry keeps each of several pings, whichever is answered or given up first", () => {
  const acks = new AckRegistry();
  const sinks = [0, 1, 2, 3].map(() => new Recorder());
  const seqNos = sinks.map((sink) => acks.register(sink));
  equal(acks.size, 4);
  acks.onAck(seqNos[3]!, Uint8Array.of(3));
  acks.release(seqNos[1]!);
  equal(acks.onNack(seqNos[2]!), true);
  acks.onAck(seqNos[2]!, Uint8Array.of(2));
  equal(acks.register(new Recorder()), seqNos[3]! + 1);
  acks.onAck(seqNos[0]!, Uint8Array.of(0));
  deepEqual(sinks.map(({ acks }) => acks.map(([byte]) => byte)), [[0], [], [2], [3]]);
  deepEqual(sinks.map(({ nacks }) => nacks), [0, 0, 1, 0]);
  equal(acks.size, 1);
});
