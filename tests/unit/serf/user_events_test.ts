import { deepEqual, equal } from "../../support/assert.ts";
import fc from "fast-check";
import { LAMPORT_TIME_MAX, LamportClock } from "../../../lib/serf/lamport_clock.ts";
import { UserEvents } from "../../../lib/serf/user_events.ts";
import { ascii } from "./fakes.ts";

function fixture(size = 512) {
  const clock = new LamportClock();
  return { clock, events: new UserEvents(clock, size) };
}

Deno.test("D.4: an event is new once, by Lamport time, name and payload", () => {
  const { events } = fixture();
  equal(events.record(5, "deploy", ascii("1")), "new");
  equal(events.record(5, "deploy", ascii("1")), "duplicate");
  equal(events.record(5, "deploy", ascii("2")), "new");
  equal(events.record(5, "restart", ascii("1")), "new");
  equal(events.record(6, "deploy", ascii("1")), "new");
  equal(events.record(5, "deploy", ascii("2")), "duplicate");
});

Deno.test("D.4: no payload and an empty one are the same", () => {
  const { events } = fixture();
  equal(events.record(5, "x", null), "new");
  equal(events.record(5, "x", new Uint8Array(0)), "duplicate");
  equal(events.record(5, "x", new Uint8Array(1)), "new");
});

Deno.test("D.4: an event witnesses the event clock, and time 0 is accepted", () => {
  const { clock, events } = fixture();
  equal(events.record(0, "x", null), "new");
  equal(clock.time, 1);
  events.record(41, "x", null);
  equal(clock.time, 42);
});

Deno.test("D.4: with the clock at 2001, time 1489 is accepted and 1488 is too old", () => {
  const { clock, events } = fixture();
  events.record(2000, "x", null);
  equal(clock.time, 2001);
  equal(events.record(1488, "x", null), "old");
  equal(events.record(1489, "x", null), "new");
});

Deno.test("D.4: nothing is too old while the clock is within the buffer", () => {
  const { events } = fixture();
  events.record(511, "x", null);
  equal(events.record(0, "x", null), "new");
});

Deno.test("D.8: events before the time from which we listen are ignored, and still witnessed", () => {
  const { clock, events } = fixture();
  events.ignoreBefore(10);
  events.ignoreBefore(5);
  equal(events.record(9, "x", null), "ignored");
  equal(clock.time, 10);
  equal(events.record(10, "x", null), "new");
});

Deno.test("D.1: an absurd time is refused and changes nothing", () => {
  const { clock, events } = fixture();
  equal(events.record(LAMPORT_TIME_MAX + 1, "x", null), "absurd");
  equal(clock.time, 0);
  equal(events.slots.every((slot) => slot === undefined), true);
});

Deno.test("D.4: a slot is taken over by a later time, and holds what push/pull sends", () => {
  const { events } = fixture(4);
  events.record(1, "old", null);
  events.record(5, "a", ascii("p"));
  events.record(5, "b", null);
  equal(events.slots.length, 4);
  equal(events.slots[1]!.lTime, 5);
  deepEqual(events.slots[1]!.entries, [{ name: "a", payload: ascii("p") }, { name: "b", payload: null }]);
  equal(events.slots[0], undefined);
});

Deno.test("UserEvents copies the payload: views are borrowed", () => {
  const { events } = fixture();
  const view = ascii("abc");
  events.record(1, "x", view);
  view.fill(0);
  equal(events.record(1, "x", ascii("abc")), "duplicate");
});

Deno.test("UserEvents.copy() gives receivers bytes of their own, none for none", () => {
  const { events } = fixture();
  const payloads = Array.from({ length: 300 }, (_, i) => new Uint8Array(i).fill(i));
  const copies = payloads.map((payload) => events.copy(payload));
  for (const payload of payloads) payload.fill(0xee);
  copies.forEach((copy, i) => deepEqual(copy, new Uint8Array(i).fill(i)));
  equal(events.copy(null).length, 0);
});

Deno.test("UserEvents is bounded in events per Lamport time", () => {
  const { events } = fixture();
  let recorded = 0;
  for (let i = 0; i < 5000; i++) if (events.record(1, `e${i}`, null) === "new") recorded++;
  equal(recorded, 4096);
  equal(events.record(1, "one more", null), "full");
  equal(events.record(1, "e0", null), "full");
});

Deno.test("UserEvents is bounded in bytes, and a slot that is taken over gives its bytes back", () => {
  const { events } = fixture(4);
  const payload = new Uint8Array(1024 * 1024);
  let time = 0;
  const fill = () => {
    let count = 0;
    payload[0]!++;
    for (let i = 0; i < 10; i++) if (events.record(time, `${i}`, payload) === "new") count++;
    return count;
  };
  equal(fill(), 7);
  equal(events.record(1, "big", payload), "full");
  time = 4;
  equal(fill(), 7);
});

Deno.test("D.4: of any stream of events each distinct one in the window is new exactly once", () => {
  const event = fc.record({
    lTime: fc.nat(40),
    name: fc.constantFrom("a", "b"),
    payload: fc.constantFrom("", "p"),
  });
  fc.assert(fc.property(fc.array(event, { maxLength: 80 }), (stream) => {
    const { clock, events } = fixture(8);
    const seen = new Set<string>();
    for (const { lTime, name, payload } of stream) {
      const verdict = events.record(lTime, name, ascii(payload));
      const isOld = clock.time > 8 && lTime < clock.time - 8;
      const identity = `${lTime} ${name} ${payload}`;
      equal(verdict, isOld ? "old" : seen.has(identity) ? "duplicate" : "new");
      seen.add(identity);
    }
  }));
});

Deno.test("UserEvents tells events apart in a slot of few and of many, whatever bytes they are", () => {
  const { events } = fixture(4);
  // Pairs that would be one if name and payload were simply put together, and payloads that are not UTF-8.
  const pairs: [string, Uint8Array | null][] = [["", null], ["1", ascii("1 ")], ["11", ascii(" ")]];
  for (let i = 0; i < 200; i++) {
    pairs.push([`${i % 3}`, Uint8Array.of(0x80 + i % 64, i)], [`e${i}`, null], [`e`, ascii(`${i}`)]);
  }
  for (const lTime of [1, 5]) {
    for (const [name, payload] of pairs) {
      equal(events.record(lTime, name, payload), "new", `${name} ${payload}`);
    }
    for (const [name, payload] of pairs) equal(events.record(lTime, name, payload), "duplicate");
    equal(events.record(lTime, "e0", new Uint8Array(0)), "duplicate");
  }
  equal(events.slots[1]!.entries.length, pairs.length);
});

Deno.test("UserEvents: an event costs no more in a slot of thousands than in one of a few dozen", () => {
  const costOf = (perTime: number) => {
    const { events } = fixture();
    const startMs = performance.now();
    for (let i = 0; i < 16_384; i++) {
      events.record(1 + 512 * Math.floor(i / perTime), "e", Uint8Array.of(i, i >> 8));
    }
    return performance.now() - startMs;
  };
  // The best of several: whatever else runs here costs time now and then.
  const best = (perTime: number) => Math.min(...[1, 2, 3].map(() => costOf(perTime)));
  const ratio = best(4096) / best(64);
  equal(ratio < 5, true, `${ratio}`);
});
