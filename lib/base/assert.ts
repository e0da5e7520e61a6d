/** A broken promise of our own code. Never thrown because of what a peer or a user sent. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws an {@linkcode AssertionError} unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
