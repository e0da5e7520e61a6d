/** Whose refusals are news. */
import { equal } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { Listeners } from "../../../lib/memberlist/listeners.ts";

const HERE = Address.fromHost("127.0.0.2", 7946);
const THERE = Address.fromHost("127.0.0.2", 7947);

Deno.test("Listeners: an address is called once, and is a listener when it has answered", () => {
  const listeners = new Listeners(1000);
  equal(listeners.has(HERE), false);
  equal(listeners.isToBeCalled(HERE, 0), true);
  equal(listeners.isToBeCalled(HERE, 0), false);
  equal(listeners.isToBeCalled(HERE, 3_600_000), false, "who did not answer is left alone");
  equal(listeners.has(HERE), false);
  listeners.onAnswered(HERE);
  equal(listeners.has(HERE), true);
  equal(listeners.isToBeCalled(HERE, 0), false);
  equal(listeners.has(THERE), false);
  equal(listeners.isToBeCalled(THERE, 0), true);
});

Deno.test("Listeners: who answered any stream need not be called", () => {
  const listeners = new Listeners(1000);
  listeners.onAnswered(HERE);
  equal(listeners.has(HERE), true);
  equal(listeners.isToBeCalled(HERE, 0), false);
});

Deno.test("Listeners: a refusal counts until the process is heard of, which then is called anew", () => {
  const listeners = new Listeners(1000);
  equal(listeners.onRefused(HERE), false, "who never listened");
  listeners.onAnswered(HERE);
  equal(listeners.onRefused(HERE), true);
  equal(listeners.onRefused(HERE), true);
  equal(listeners.has(HERE), true);
  listeners.onHeard(HERE);
  equal(listeners.has(HERE), false);
  equal(listeners.isToBeCalled(HERE, 0), true);
  equal(listeners.onRefused(HERE), false);
  listeners.onAnswered(HERE);
  equal(listeners.has(HERE), true);
  listeners.onHeard(HERE);
  equal(listeners.has(HERE), true, "who listens and is heard of goes on listening");
});

Deno.test("Listeners: ten calls at once, then one in ten probe intervals, and no more for having waited", () => {
  const listeners = new Listeners(1000);
  let host = 0;
  const callsAt = (nowMs: number) => {
    let calls = 0;
    for (let i = 0; i < 100; i++) {
      if (
        listeners.isToBeCalled(Address.fromHost(`127.0.${1 + (host >> 8)}.${host++ & 0xff}`, 7946), nowMs)
      ) {
        calls++;
      }
    }
    return calls;
  };
  equal(callsAt(0), 10);
  equal(callsAt(9_999), 0);
  equal(callsAt(10_000), 1);
  equal(callsAt(30_000), 2);
  equal(callsAt(1_000_000), 10);
});

Deno.test("Listeners: who refused and lives on is not believed, even when no call is left", () => {
  const listeners = new Listeners(1000);
  for (let i = 0; i < 10; i++) listeners.isToBeCalled(Address.fromHost("127.0.1.1", 1000 + i), 0);
  listeners.onAnswered(HERE);
  listeners.onRefused(HERE);
  listeners.onHeard(HERE);
  equal(listeners.isToBeCalled(HERE, 0), false);
  equal(listeners.has(HERE), false);
  equal(listeners.isToBeCalled(HERE, 10_000), true);
});
