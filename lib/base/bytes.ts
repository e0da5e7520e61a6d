/** Comparing bytes, and telling where to look for them. */

/** No bytes. Shared, immutable by its length. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Whether two byte strings are the same. Not for secrets that a stranger may guess at: it ends at the first difference. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && isAt(a, b, 0);
}

/** Whether `part` stands in `bytes` at `start`. */
export function isAt(part: Uint8Array, bytes: Uint8Array, start: number): boolean {
  const length = part.length;
  for (let i = 0; i < length; i++) if (part[i] !== bytes[start + i]) return false;
  return true;
}

/**
 * The slot of a table in which something with these bytes is looked for: FNV-1a, its high bits mixed into the low ones.
 *
 * @param seed what else tells one from the other: a port, a length.
 * @param slots a power of two.
 */
export function slotOf(bytes: Uint8Array, seed: number, slots: number): number {
  let hash = seed;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & (slots - 1);
}
