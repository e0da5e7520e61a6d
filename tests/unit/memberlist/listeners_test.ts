/** Whose refusals are news. */
import { equal } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { Listeners } from "../../../lib/memberlist/listeners.ts";

const HERE = Address.fromHost("127.0.0.2", 7946);
const THERE = Address.fromHost("127.0.0.2", 7947);

Deno.test("Listeners: an address is called once, and is a listener when it has answered", () => {
  const listeners = new Listeners();
  equal(listeners.has(HERE), false);
  equal(listeners.isFirstCall(HERE), true);
  equal(listeners.isFirstCall(HERE), false);
  equal(listeners.has(HERE), false);
  listeners.onAnswered(HERE);
  equal(listeners.has(Address.fromHost("127.0.0.2", 7946)), true);
  equal(listeners.isFirstCall(HERE), false);
  equal(listeners.has(THERE), false);
  equal(listeners.isFirstCall(THERE), true);
});

Deno.test("Listeners: a refusal counts once, and then it is called again", () => {
  const listeners = new Listeners();
  listeners.onAnswered(HERE);
  listeners.onRefused(HERE);
  equal(listeners.has(HERE), false);
  equal(listeners.isFirstCall(HERE), true);
});

Deno.test("Listeners: there is a bound to what is remembered", () => {
  const listeners = new Listeners();
  for (let i = 0; i < 100_000; i++) {
    listeners.onAnswered(Address.fromHost(`10.${i >> 16}.${i >> 8 & 255}.${i & 255}`, 1));
  }
  listeners.onAnswered(HERE);
  equal(listeners.has(Address.fromHost("10.0.0.1", 1)), false);
  equal(listeners.has(HERE), true);
});
