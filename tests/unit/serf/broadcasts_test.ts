import { deepEqual, equal } from "../../support/assert.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { Broadcasts } from "../../../lib/serf/broadcasts.ts";
import { ascii, FakeSink, RecordingLogger } from "./fakes.ts";

function fixture(maxQueueDepth = 4096) {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  let queued = 0;
  const broadcasts = new Broadcasts(clock, logger, {
    retransmitMult: 4,
    memberCount: () => 3,
    onQueued: () => queued++,
    maxQueueDepth,
    queueCheckIntervalMs: 30_000,
    messageBytesMax: 1000,
  });
  const texts = (sink: FakeSink) =>
    sink.messages.map((message) => String.fromCharCode(...message.subarray(1)));
  return { clock, logger, broadcasts, texts, queuedCount: () => queued };
}

Deno.test("C.12: Serf's queues share a packet in the order intents, queries, events", () => {
  const f = fixture();
  f.broadcasts.queue("event", ascii("event-longest"));
  f.broadcasts.queue("query", ascii("query-longer"));
  f.broadcasts.queue("intent", ascii("intent"));
  equal(f.queuedCount(), 3);
  const sink = new FakeSink();
  f.broadcasts.fill(sink);
  deepEqual(f.texts(sink), ["intent", "query-longer", "event-longest"]);
  deepEqual(sink.messages.map((message) => message[0]), [8, 8, 8]);
});

Deno.test("C.12: a message is handed out mult * ceil(log10(n + 1)) times; Serf messages never replace each other", () => {
  const f = fixture();
  f.broadcasts.queue("intent", ascii("same"));
  f.broadcasts.queue("intent", ascii("same"));
  let handedOut = 0;
  for (; f.broadcasts.waiting; handedOut++) {
    const sink = new FakeSink();
    f.broadcasts.fill(sink);
    equal(sink.messages.length, 2);
  }
  equal(handedOut, 4);
});

Deno.test("Broadcasts.queueAndWait() calls back when the message has been sent often enough", () => {
  const f = fixture();
  const outcomes: boolean[] = [];
  f.broadcasts.queueAndWait(ascii("x"), 5000, (sent) => outcomes.push(sent));
  for (let i = 0; i < 3; i++) f.broadcasts.fill(new FakeSink());
  deepEqual(outcomes, []);
  f.broadcasts.fill(new FakeSink());
  // Not from within: the packet is still being filled.
  deepEqual(outcomes, []);
  f.clock.run(0);
  deepEqual(outcomes, [true]);
  f.clock.run(10_000);
  deepEqual(outcomes, [true]);
  equal(f.clock.armedCount, 0);
});

Deno.test("Broadcasts.queueAndWait() calls back once after the timeout, though the message is sent later", () => {
  const f = fixture();
  const outcomes: boolean[] = [];
  f.broadcasts.queueAndWait(ascii("x"), 5000, (sent) => outcomes.push(sent));
  f.clock.run(5000);
  deepEqual(outcomes, [false]);
  for (let i = 0; i < 4; i++) f.broadcasts.fill(new FakeSink());
  deepEqual(outcomes, [false]);
});

Deno.test("Broadcasts.stop() ends every wait and disarms", () => {
  const f = fixture();
  const outcomes: boolean[] = [];
  for (let i = 0; i < 3; i++) f.broadcasts.queueAndWait(ascii("x"), 5000, (sent) => outcomes.push(sent));
  f.broadcasts.stop();
  deepEqual(outcomes, [false, false, false]);
  equal(f.clock.armedCount, 0);
});

Deno.test("F.2.20: a message that fits no packet does not wait in the queue for ever", () => {
  const f = fixture();
  f.broadcasts.queue("event", new Uint8Array(1000));
  equal(f.broadcasts.waiting, false);
  equal(f.queuedCount(), 0);
  f.broadcasts.queue("event", new Uint8Array(999));
  equal(f.broadcasts.waiting, true);
  const outcomes: boolean[] = [];
  f.broadcasts.queueAndWait(new Uint8Array(2000), 5000, (sent) => outcomes.push(sent));
  f.clock.run(0);
  deepEqual(outcomes, [true]);
});

Deno.test("C.12: a long queue is warned of, and pruned to its limit, when it is checked", () => {
  const f = fixture(200);
  for (let i = 0; i < 127; i++) f.broadcasts.queue("event", ascii(`${i}`));
  equal(f.clock.armedCount, 0);
  for (let i = 0; i < 173; i++) f.broadcasts.queue("event", ascii(`${i}`));
  f.clock.run(30_000);
  deepEqual(f.logger.take(), [
    "WARN serf: Event queue depth: 300",
    "WARN serf: Event queue depth (300) exceeds limit (200), dropping messages!",
  ]);
  equal(f.broadcasts.depth("event"), 200);
  f.clock.run(60_000);
  deepEqual(f.logger.take(), ["WARN serf: Event queue depth: 200"]);
  while (f.broadcasts.waiting) f.broadcasts.fill(new FakeSink());
  f.clock.run(90_000);
  deepEqual(f.logger.take(), []);
  equal(f.clock.armedCount, 0);
});

Deno.test("Broadcasts is bounded between two checks as well", () => {
  const f = fixture(200);
  let most = 0;
  for (let i = 0; i < 2000; i++) {
    f.broadcasts.queue("query", ascii(`${i}`));
    most = Math.max(most, f.broadcasts.depth("query"));
  }
  equal(most, 400);
});

Deno.test("Broadcasts is bounded by a limit that is below the depth of a warning, too", () => {
  const f = fixture(8);
  let finished = 0;
  for (let i = 0; i < 17; i++) {
    f.broadcasts.queue("event", ascii(`event ${i}`), () => finished++);
    equal(f.broadcasts.depth("event") <= 16, true, `${f.broadcasts.depth("event")} wait`);
  }
  equal(f.broadcasts.depth("event"), 8);
  equal(finished, 9);
  for (let i = 0; i < 5; i++) f.broadcasts.queue("event", ascii(`event ${i}`));
  equal(f.broadcasts.depth("event"), 13);
  f.clock.run(30_000);
  equal(f.broadcasts.depth("event"), 8, "pruned when it is checked");
  deepEqual(f.logger.take(), ["WARN serf: Event queue depth (13) exceeds limit (8), dropping messages!"]);
});
