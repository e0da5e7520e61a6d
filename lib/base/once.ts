/** What is made when it is first needed: memory that an agent at rest does not take. */

/** @returns what gives the same value each time, made by `make` at the first. */
export function once<T extends object>(make: () => T): () => T {
  let value: T | undefined;
  return () => value ??= make();
}
