/** Somebody who is no member, and sends what a member would not: rubbish, old packets, and packets with wrong bits. */
import type { SeededRandom } from "../base/seeded_random.ts";
import type { ExchangeSink } from "../base/ports.ts";
import type { MemberlistCounters } from "../memberlist/counters.ts";
import type { SimTransport } from "./sim_network.ts";
import type { MakeFault } from "./vopr_fault.ts";
import type { VoprWorld } from "./vopr_world.ts";

/** Pieces of rubbish that come at once, at most. */
const BURST_MAX = 12;
const TIMEOUT_MS = 2_000;

const NO_ANSWER: ExchangeSink = {
  newFrameReader: () => null,
  onReply: () => {},
  onError: () => {},
};

const makeOutsider: MakeFault = (world, random, corpus) => {
  const transport = openSockets(world);
  let refused = 0;
  return {
    meanGapMs: 1_500,
    act() {
      const target = world.pick(random, world.cluster.running);
      const count = 1 + random.below(BURST_MAX);
      if (target === undefined) return false;
      for (let i = 0; i < count; i++) {
        const bytes = drawBytes(random, corpus);
        if (random.below(4) === 0) transport.openExchange(target.address, bytes, TIMEOUT_MS, NO_ANSWER);
        else transport.sendPacket(target.address, bytes);
      }
      world.count("outsider's bytes", count);
      return true;
    },
    end() {
      transport.close();
      refused = world.cluster.running.reduce((sum, { memberlist }) => sum + refusals(memberlist.counters), 0);
    },
    effects: () => refused,
  };
};

/** What a member's present life has refused to take. */
function refusals(counters: Readonly<MemberlistCounters>): number {
  const { malformed, unsupported, truncated, undecryptable, labelMismatches, badChecksums } = counters;
  return malformed + unsupported + truncated + undecryptable + labelMismatches + badChecksums;
}

function openSockets(world: VoprWorld): SimTransport {
  const transport = world.cluster.world.network.attach(world.freshAddress());
  transport.start({
    onPacket: () => {},
    newFrameReader: () => ({ scan: (_bytes, length) => length }),
    onExchange: () => null,
    onExchangeFailed: () => {},
  });
  return transport;
}

function drawBytes(random: SeededRandom, corpus: readonly Uint8Array[]): Uint8Array {
  const sample = corpus[random.below(Math.max(1, corpus.length))];
  if (sample === undefined || random.below(4) === 0) {
    const rubbish = new Uint8Array(random.below(300));
    random.fill(rubbish);
    return rubbish;
  }
  const bytes = sample.slice(0, random.below(3) === 0 ? random.below(sample.length + 1) : sample.length);
  const flips = random.below(6);
  for (let i = 0; i < flips && bytes.length > 0; i++) {
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  }
  return bytes;
}

/** By name. */
export const OUTSIDER_FAULTS = { outsider: makeOutsider } satisfies Record<string, MakeFault>;
