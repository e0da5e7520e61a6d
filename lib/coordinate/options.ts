/** The constants of Serf's Vivaldi: all members of a cluster must agree on them. protocol.md D.12. */
import { OptionError } from "../base/errors.ts";

/** Everything that the coordinate system wants to know. Lengths and heights are seconds. */
export interface CoordinateOptions {
  /** Components of the Euclidean part, 1 or more. @default {8} */
  dimensions: number;
  /** The error that a fresh coordinate has, and the largest one; in units of relative error. @default {1.5} */
  errorMax: number;
  /** How much one sample changes the error estimate, `c_e` of the paper; in (0, 1]. @default {0.25} */
  errorGain: number;
  /** How far one sample moves the coordinate, `c_c` of the paper; in (0, 1]. @default {0.25} */
  moveGain: number;
  /** Samples in the window of the adjustment term; 0 turns it off. @default {20} */
  adjustmentWindow: number;
  /** The least height. Positive: a height of zero could never grow. @default {1e-5} */
  heightMin: number;
  /** Samples per node of which the median is taken. @default {3} */
  latencyFilterSize: number;
  /** The gravity that pulls everybody to the origin is `(distance / gravityRho)^2`. @default {150} */
  gravityRho: number;
}

const DEFAULTS: Readonly<CoordinateOptions> = Object.freeze({
  dimensions: 8,
  errorMax: 1.5,
  errorGain: 0.25,
  moveGain: 0.25,
  adjustmentWindow: 20,
  heightMin: 1e-5,
  latencyFilterSize: 3,
  gravityRho: 150,
});

/** Merges and validates. @throws {OptionError} naming the field that is out of range. */
export function resolveCoordinateOptions(overrides: Partial<CoordinateOptions> = {}): CoordinateOptions {
  const options = { ...DEFAULTS, ...overrides };
  const counts = { dimensions: 1, adjustmentWindow: 0, latencyFilterSize: 1 };
  for (const [field, least] of Object.entries(counts)) {
    const value = options[field as keyof typeof counts];
    if (!(Number.isInteger(value) && value >= least)) {
      throw new OptionError(field, `${field} must be an integer of at least ${least}`);
    }
  }
  for (const field of ["errorMax", "errorGain", "moveGain", "heightMin", "gravityRho"] as const) {
    if (!(options[field] > 0)) throw new OptionError(field, `${field} must be greater than 0`);
  }
  return options;
}
