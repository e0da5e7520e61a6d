import { deepEqual, equal, throws } from "../../support/assert.ts";
import { QueryCollector } from "../../../lib/serf/query_collector.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { ascii, RecordingLogger } from "./fakes.ts";

function fixture() {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  const collector = new QueryCollector(clock, logger);
  const heard: string[] = [];
  const sink = {
    onAck: (from: string) => heard.push(`ack ${from}`),
    onResponse: (from: string, payload: Uint8Array) => heard.push(`${from}: ${[...payload]}`),
    onDone: () => heard.push("done"),
  };
  const answer = (
    from: string,
    payload: Uint8Array | null = null,
    fields: { id?: number; lTime?: number } = {},
  ) => collector.onResponse({ lTime: 5, id: 7, flags: 0, from, payload, ...fields });
  const ack = (from: string) => collector.onResponse({ lTime: 5, id: 7, flags: 1, from, payload: null });
  return { clock, logger, collector, heard, sink, answer, ack };
}

Deno.test("QueryCollector tells each node's ack and answer once, and the end at the timeout", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, 1000, f.sink);
  f.ack("a");
  f.ack("a");
  f.answer("a", ascii("x"));
  f.answer("a", ascii("y"));
  f.answer("b");
  f.ack("b");
  f.clock.runFor(999);
  deepEqual(f.heard, ["ack a", "a: 120", "b: ", "ack b"]);
  f.clock.runFor(1);
  equal(f.heard.at(-1), "done");
  f.answer("c");
  equal(f.heard.length, 5);
  deepEqual(f.logger.lines, ["WARN serf: reply for non-running query (LTime: 5, ID: 7) From: c"]);
});

Deno.test("QueryCollector copies answers: they are borrowed", () => {
  const f = fixture();
  let kept: Uint8Array | undefined;
  f.collector.begin(5, 7, 3, 1000, { ...f.sink, onResponse: (_from, payload) => kept = payload });
  const payload = ascii("x");
  f.answer("a", payload);
  payload[0] = 0;
  deepEqual([...kept!], [120]);
});

Deno.test("QueryCollector takes no answers to another query of the same time", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, 1000, f.sink);
  f.answer("a", null, { id: 8 });
  deepEqual(f.heard, []);
  deepEqual(f.logger.lines, ["WARN serf: query reply ID mismatch (Local: 7, Response: 8)"]);
});

Deno.test("QueryCollector: a query that is cancelled says nothing more", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, 1000, f.sink).cancel();
  equal(f.clock.armedCount, 0);
  f.answer("a");
  f.clock.runFor(2000);
  f.collector.stop();
  deepEqual(f.heard, []);
});

Deno.test("QueryCollector warns of no late answer to a query that was cancelled, unless that was long ago", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, 1000, f.sink).cancel();
  f.answer("a");
  f.ack("a");
  deepEqual(f.logger.lines, []);
  for (let lTime = 6; lTime < 70; lTime++) f.collector.begin(lTime, 7, 3, 1000, f.sink).cancel();
  f.answer("a");
  deepEqual(f.logger.lines, ["WARN serf: reply for non-running query (LTime: 5, ID: 7) From: a"]);
  f.answer("a", null, { lTime: 69 });
  equal(f.logger.lines.length, 1);
});

Deno.test("QueryCollector: a timeout below zero is over at the next turn, and no answer is in time", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, -1, f.sink);
  f.answer("a");
  deepEqual(f.heard, []);
  f.clock.runFor(0);
  deepEqual(f.heard, ["done"]);
});

Deno.test("QueryCollector.stop() ends all, each once", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, 1000, f.sink);
  f.collector.begin(6, 8, 3, 1000, f.sink);
  f.collector.stop();
  f.clock.runFor(2000);
  deepEqual(f.heard, ["done", "done"]);
});

Deno.test("QueryCollector is bounded, in answers and in queries", () => {
  const f = fixture();
  f.collector.begin(5, 7, 3, 1000, f.sink);
  for (let i = 0; i < 200; i++) f.answer(`n${i}`);
  equal(f.heard.length, 67);
  equal(f.logger.matching("WARN serf: Failed to deliver query response, dropping").length > 0, true);
  for (let lTime = 6; lTime < 4101; lTime++) f.collector.begin(lTime, 1, 3, 1000, f.sink);
  throws(() => f.collector.begin(4101, 1, 3, 1000, f.sink), { name: "StateError" });
});
