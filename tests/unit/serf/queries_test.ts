import { equal } from "../../support/assert.ts";
import { LamportClock } from "../../../lib/serf/lamport_clock.ts";
import { Queries } from "../../../lib/serf/queries.ts";

Deno.test("D.5: a query is new once, by Lamport time and ID", () => {
  const queries = new Queries(new LamportClock(), 512);
  equal(queries.record(5, 0xffffffff), "new");
  equal(queries.record(5, 0xffffffff), "duplicate");
  equal(queries.record(5, 1), "new");
  equal(queries.record(6, 1), "new");
});

Deno.test("D.5: queries witness their own clock and follow the age rule of events", () => {
  const clock = new LamportClock();
  const queries = new Queries(clock, 512);
  queries.record(2000, 1);
  equal(clock.time, 2001);
  equal(queries.record(1488, 1), "old");
  equal(queries.record(1489, 1), "new");
});

Deno.test("D.11: what an earlier run has seen is nothing new", () => {
  const queries = new Queries(new LamportClock(), 512);
  queries.ignoreBefore(7);
  equal(queries.record(6, 1), "ignored");
  equal(queries.record(7, 1), "new");
});

Deno.test("Queries is bounded in queries per Lamport time", () => {
  const queries = new Queries(new LamportClock(), 512);
  for (let id = 0; id < 4096; id++) queries.record(1, id);
  equal(queries.record(1, 4096), "full");
  equal(queries.record(1, 4095), "duplicate");
});
