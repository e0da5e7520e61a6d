import { deepEqual, equal } from "../../support/assert.ts";
import { Suspicion } from "../../../lib/memberlist/suspicion.ts";

Deno.test("Suspicion.confirm() does not count the first accuser, nor anybody twice (C.7)", () => {
  const suspicion = new Suspicion("a", 3, 2000, 30_000, 0);
  equal(suspicion.confirm("a"), false);
  equal(suspicion.confirm("b"), true);
  equal(suspicion.confirm("b"), false);
  equal(suspicion.confirmations, 1);
});

Deno.test("Suspicion.confirm() takes no more than k", () => {
  const suspicion = new Suspicion("a", 2, 2000, 30_000, 0);
  deepEqual(["b", "c", "d", "e"].map((name) => suspicion.confirm(name)), [true, true, false, false]);
  equal(suspicion.confirmations, 2);
});

Deno.test("Suspicion.remainingMs() falls with the logarithm of confirmations", () => {
  const suspicion = new Suspicion("a", 3, 2000, 30_000, 1000);
  equal(suspicion.remainingMs(1000), 30_000);
  equal(suspicion.remainingMs(3000), 28_000);
  suspicion.confirm("b");
  equal(suspicion.remainingMs(3000), 14_000);
  suspicion.confirm("c");
  suspicion.confirm("d");
  equal(suspicion.deadlineMs, 3000);
});

Deno.test("Suspicion.remainingMs() is 0, never negative, when a confirmation comes after the new deadline", () => {
  const suspicion = new Suspicion("a", 1, 2000, 30_000, 0);
  suspicion.confirm("b");
  equal(suspicion.remainingMs(10_000), 0);
});

Deno.test("Suspicion.respite() is granted once, and lasts", () => {
  const suspicion = new Suspicion("a", 2, 4000, 24_000, 0);
  equal(suspicion.respite(60_500), true);
  equal(suspicion.deadlineMs, 60_500);
  suspicion.confirm("b");
  suspicion.confirm("c");
  equal(suspicion.remainingMs(60_100), 400, "a confirmation does not end it");
  equal(suspicion.respite(70_000), false);
  equal(suspicion.deadlineMs, 60_500);
});

Deno.test("Suspicion with k = 0 lasts the least time and takes no confirmation", () => {
  const suspicion = new Suspicion("a", 0, 4000, 24_000, 0);
  equal(suspicion.remainingMs(0), 4000);
  equal(suspicion.confirm("b"), false);
});
