import { deepEqual, equal } from "../../support/assert.ts";
import { IntentBuffer } from "../../../lib/serf/intent_buffer.ts";

Deno.test("IntentBuffer keeps one intent per node, replaced only by a strictly later one (D.3)", () => {
  const buffer = new IntentBuffer(() => 0);
  equal(buffer.upsert("a", "join", 5, 0), true);
  equal(buffer.upsert("a", "leave", 5, 1), false);
  equal(buffer.upsert("a", "leave", 4, 2), false);
  equal(buffer.upsert("a", "leave", 6, 3), true);
  equal(buffer.size, 1);
  deepEqual(buffer.take("a"), { kind: "leave", lTime: 6, heardMs: 3 });
});

Deno.test("IntentBuffer.take() takes out: an intent is applied once", () => {
  const buffer = new IntentBuffer(() => 0);
  buffer.upsert("a", "leave", 5, 0);
  equal(buffer.take("a")?.lTime, 5);
  equal(buffer.take("a"), undefined);
  equal(buffer.take("never"), undefined);
});

Deno.test("IntentBuffer.expire() forgets by the time of hearing, the replaced counting as heard anew", () => {
  const buffer = new IntentBuffer(() => 0);
  buffer.upsert("a", "join", 1, 100);
  buffer.upsert("b", "join", 1, 200);
  buffer.upsert("a", "join", 2, 300);
  equal(buffer.oldestMs, 200);
  buffer.expire(199);
  equal(buffer.size, 2);
  buffer.expire(200);
  equal(buffer.size, 1);
  equal(buffer.oldestMs, 300);
  buffer.expire(300);
  equal(buffer.oldestMs, undefined);
});

Deno.test("IntentBuffer is bounded: the one heard longest ago makes room", () => {
  let members = 0;
  const buffer = new IntentBuffer(() => members);
  for (let i = 0; i <= 4096; i++) buffer.upsert(`n${i}`, "join", 1, i);
  equal(buffer.size, 4096);
  equal(buffer.take("n0"), undefined);
  equal(buffer.take("n1")?.heardMs, 1);
  members = 3000;
  for (let i = 0; i < 9000; i++) buffer.upsert(`m${i}`, "join", 1, 5000 + i);
  equal(buffer.size, 6000);
});

Deno.test("IntentBuffer is bounded by the length of names as well", () => {
  const buffer = new IntentBuffer(() => 0);
  equal(buffer.upsert("x".repeat(65_508), "join", 1, 0), false, "no packet can hold such a name");
  const name = (i: number) => String(i).padStart(65_507, "x");
  for (let i = 0; i < 80; i++) {
    equal(buffer.upsert(name(i), "join", 1, i), true);
    // What is replaced, taken or expired gives its room back.
    equal(buffer.upsert(name(i), "join", 2, i), true);
  }
  equal(buffer.size, 64, "4 MiB");
  equal(buffer.oldestMs, 16, "who was heard first went first");
  buffer.take(name(16));
  buffer.expire(17);
  equal(buffer.size, 62);
  for (let i = 80; i < 82; i++) buffer.upsert(name(i), "join", 1, i);
  equal(buffer.size, 64);
  equal(buffer.oldestMs, 18);
});

Deno.test("IntentBuffer makes room for the newest however intents come, are taken and expire", () => {
  const buffer = new IntentBuffer(() => 0);
  for (let round = 0; round < 3; round++) {
    const at = round * 10_000;
    for (let i = 0; i < 5000; i++) buffer.upsert(`r${round}-${i}`, "join", 1, at + i);
    equal(buffer.size, 4096);
    equal(buffer.oldestMs, at + 904);
    equal(buffer.take(`r${round}-950`)?.heardMs, at + 950);
    buffer.upsert(`r${round}-904`, "leave", 2, at + 5000);
    equal(buffer.oldestMs, at + 905);
    if (round === 1) buffer.expire(at + 5000);
  }
});
