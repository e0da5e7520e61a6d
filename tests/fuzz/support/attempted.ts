/** Decoders that are compared with another: what they give is looked at before it counts. */
import { WireError } from "../../../lib/base/errors.ts";

/** What came of it. */
export interface Attempt<T> {
  /** Undefined when it was refused. */
  readonly value: T | undefined;
  readonly refusal: WireError | undefined;
}

/** Calls `action`, and takes a {@linkcode WireError} for an answer. */
export function attempted<T>(action: () => T): Attempt<T> {
  try {
    return { value: action(), refusal: undefined };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { value: undefined, refusal: error };
  }
}
