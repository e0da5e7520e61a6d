import { deepEqual, equal, ok } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { StreamBudget } from "../../../lib/platform/transport_limits.ts";

const LIMITS = {
  openMax: 3,
  openPerHostMax: 3,
  largeMax: 1,
  largeBytes: 100,
  bufferedBytesMax: 500,
  strandedPerHostMax: 2,
  strandedMax: 3,
};
const PEER = Address.fromHost("10.0.0.1", 7946);

Deno.test("StreamBudget.tryOpen() refuses one stream too many, and allows it when one has closed", () => {
  const budget = new StreamBudget(LIMITS);
  const shares = [budget.tryOpen(PEER), budget.tryOpen(PEER), budget.tryOpen(PEER)];
  ok(shares.every((share) => share !== undefined));
  equal(budget.tryOpen(PEER), undefined);
  shares[1]!.close();
  shares[1]!.close();
  equal(budget.open, 2);
  ok(budget.tryOpen(PEER) !== undefined);
  equal(budget.tryOpen(PEER), undefined);
});

Deno.test("StreamBudget.tryOpen() gives no host, and no IPv6 network, more than its part", () => {
  const budget = new StreamBudget({ ...LIMITS, openPerHostMax: 1 });
  const open = (host: string) => budget.tryOpen(Address.fromHost(host, 1));
  const first = open("10.0.0.1")!;
  equal(open("10.0.0.1"), undefined);
  ok(open("fd00::1") !== undefined);
  equal(open("fd00::2"), undefined);
  // A stranded stream has given its place back, and does so only once.
  first.strand();
  const second = open("10.0.0.1")!;
  equal(open("10.0.0.1"), undefined);
  first.close();
  equal(open("10.0.0.1"), undefined);
  second.close();
  ok(open("10.0.0.1") !== undefined);
  equal(budget.open, 2);
});

Deno.test("StreamShare.resize() refuses a second large stream", () => {
  const budget = new StreamBudget(LIMITS);
  const a = budget.tryOpen(PEER)!, b = budget.tryOpen(PEER)!;
  equal(a.resize(101), true);
  equal(a.resize(150), true);
  equal(b.resize(100), true);
  equal(b.resize(101), false);
  equal(budget.bufferedBytes, 250);
  equal(a.resize(100), true);
  equal(b.resize(101), true);
});

Deno.test("StreamShare.resize() refuses what would not fit all together", () => {
  const budget = new StreamBudget({ ...LIMITS, largeMax: 3 });
  const a = budget.tryOpen(PEER)!, b = budget.tryOpen(PEER)!;
  equal(a.resize(400), true);
  equal(b.resize(101), false);
  equal(b.resize(100), true);
  equal(a.resize(401), false);
  equal(budget.bufferedBytes, 500);
  a.close();
  equal(budget.bufferedBytes, 100);
  equal(b.resize(500), true);
  b.close();
  equal(budget.bufferedBytes, 0);
  equal(budget.open, 0);
});

Deno.test("StreamShare.strand() gives the place back; the host's next large message waits for the stranded one", () => {
  const budget = new StreamBudget(LIMITS);
  const open = (host: string) => budget.tryOpen(Address.fromHost(host, 1))!;
  const first = open("10.0.0.1"), second = open("10.0.0.1");
  equal(first.resize(100), true);
  first.strand();
  first.strand();
  deepEqual([budget.open, budget.stranded, budget.bufferedBytes], [1, 1, 0]);
  equal(second.admitsWrite(1e6), true);
  second.strand();
  const third = open("10.0.0.1"), stranger = open("10.0.0.2");
  equal(third.admitsWrite(16_385), false);
  equal(third.admitsWrite(16_384), true);
  equal(stranger.admitsWrite(1e6), true);
  // Of all together there are too many then.
  stranger.strand();
  const fourth = open("10.0.0.3");
  equal(fourth.admitsWrite(1e6), false);
  first.close();
  first.close();
  deepEqual([budget.open, budget.stranded], [2, 2]);
  equal(fourth.admitsWrite(1e6), true);
  equal(third.admitsWrite(1e6), true);
  for (const share of [second, third, fourth, stranger]) share.close();
  deepEqual([budget.open, budget.stranded], [0, 0]);
});

Deno.test("StreamShare.strand() counts a whole IPv6 network as one host", () => {
  const budget = new StreamBudget(LIMITS);
  const open = (host: string) => budget.tryOpen(Address.fromHost(host, 1))!;
  open("2001:db8::1").strand();
  open("2001:db8::ffff:2").strand();
  equal(open("2001:db8::3").admitsWrite(1e6), false);
  equal(open("2001:db8:0:1::3").admitsWrite(1e6), true);
});
