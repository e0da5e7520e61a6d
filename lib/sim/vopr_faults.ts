/** The faults of the campaign by their names, and when each is made. */
import type { SeededRandom } from "../base/seeded_random.ts";
import type { Fault, MakeFault } from "./vopr_fault.ts";
import { NETWORK_FAULTS } from "./vopr_network_faults.ts";
import { OPERATOR_FAULTS } from "./vopr_operator_faults.ts";
import { OUTSIDER_FAULTS } from "./vopr_outsider.ts";
import type { FaultName } from "./vopr_plan.ts";
import { PROCESS_FAULTS } from "./vopr_process_faults.ts";
import type { VoprWorld } from "./vopr_world.ts";

const MAKERS: Readonly<Record<FaultName, MakeFault>> = {
  ...NETWORK_FAULTS,
  ...PROCESS_FAULTS,
  ...OPERATOR_FAULTS,
  ...OUTSIDER_FAULTS,
};

/** How often in vain a fault is tried that finds nothing to do, and how long it then waits. */
const RETRY_MS = 500;

/** Under which name the effects of a fault are counted. */
export function effectsOf(fault: FaultName): string {
  return `${fault}: effects`;
}

/** Makes the plan's faults, each at moments of its own, until it is ended. */
export class VoprFaults {
  readonly #world: VoprWorld;
  readonly #faults: readonly (readonly [FaultName, Fault, SeededRandom])[];

  constructor(world: VoprWorld, corpus: readonly Uint8Array[]) {
    this.#world = world;
    this.#faults = world.plan.faults.map((name) => {
      const random = world.random(name);
      return [name, MAKERS[name](world, random, corpus), world.random(`${name} times`)] as const;
    });
  }

  /** Each comes for the first time in the first third of `chaosMs`. */
  begin(chaosMs: number): void {
    for (const [name, fault, times] of this.#faults) {
      const next = () => {
        const hasActed = fault.act();
        if (hasActed) this.#world.count(name);
        const gapMs = -Math.log(1 - times.uniform()) * fault.meanGapMs;
        this.#world.later(hasActed ? gapMs : RETRY_MS, next);
      };
      this.#world.later(times.uniform() * chaosMs / 3, next);
    }
  }

  /** Counts what came of each: a fault that met nobody proves nothing. */
  countEffects(): void {
    const { acts } = this.#world;
    for (const [name, fault] of this.#faults) {
      this.#world.count(effectsOf(name), fault.effects?.() ?? acts.get(name) ?? 0);
    }
  }

  /** Undoes all; nothing that was to happen later will. */
  end(): void {
    this.#world.forgetPending();
    for (const [, fault] of this.#faults) fault.end?.();
  }
}
