/** What a kind of fault of the campaign is. */
import type { SeededRandom } from "../base/seeded_random.ts";
import type { VoprWorld } from "./vopr_world.ts";

/** One kind of fault in one run. */
export interface Fault {
  /** Between two of it, on average, in milliseconds. */
  readonly meanGapMs: number;
  /** Makes one. @returns whether there was anything to be done. */
  act(): boolean;
  /** Undoes what would last. */
  end?(): void;
  /**
   * What came of it: packets lost, timers late, members gone. Asked once, when it has ended and the members agree.
   * @default {each act is one}
   */
  effects?(): number;
}

/** @param random the fault's own. @param corpus packets and requests that an outsider may send. */
export type MakeFault = (world: VoprWorld, random: SeededRandom, corpus: readonly Uint8Array[]) => Fault;
