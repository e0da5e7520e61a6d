import { equal, ok } from "../../support/assert.ts";
import { RoundTrips } from "../../../lib/memberlist/round_trips.ts";

Deno.test("RoundTrips: as long as nothing is known, patience lasts for the whole timeout", () => {
  equal(new RoundTrips().patienceMs(500), 500);
});

Deno.test("RoundTrips: patience is twice the longest round trip of late, between a tenth of the timeout and all of it", () => {
  const trips = new RoundTrips();
  trips.onRoundTrip(1);
  equal(trips.patienceMs(500), 50);
  trips.onRoundTrip(80);
  equal(trips.patienceMs(500), 160);
  trips.onRoundTrip(400);
  equal(trips.patienceMs(500), 500);
});

Deno.test("RoundTrips: a long one is forgotten by halves, unless others like it come", () => {
  const trips = new RoundTrips(), mixed = new RoundTrips();
  trips.onRoundTrip(160);
  for (let i = 0; i < 11; i++) trips.onRoundTrip(1);
  ok(Math.abs(trips.patienceMs(500) - 160) < 4, `${trips.patienceMs(500)}`);
  for (let i = 0; i < 110; i++) trips.onRoundTrip(1);
  equal(trips.patienceMs(500), 50);
  // One member in ten is far away: it does not come as a surprise.
  for (let i = 0; i < 1000; i++) {
    mixed.onRoundTrip(i % 10 === 0 ? 150 : 1);
    ok(mixed.patienceMs(500) > 150);
  }
});
