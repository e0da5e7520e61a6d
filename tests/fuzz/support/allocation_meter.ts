/**
 * Counts the bytes of the arrays that are made: one that is made for a length that lies, and is then given up because the
 * bytes are missing, would not show otherwise.
 */

/** An array larger than this is not made at all. */
const ARRAY_BYTES_MAX = 1 << 28;

let requestedBytes = 0;

const metered: Uint8ArrayConstructor = new Proxy(Uint8Array, {
  construct(target, args: unknown[], newTarget) {
    const [length] = args;
    if (typeof length === "number") {
      requestedBytes += length;
      if (length > ARRAY_BYTES_MAX) throw new Error(`an array of ${length} bytes was asked for`);
    }
    return Reflect.construct(target, args, newTarget === metered ? target : newTarget) as object;
  },
});
// For the whole thread, whose only work are the targets.
globalThis.Uint8Array = metered;

/** How many bytes have been asked for since this was asked last. */
export function takeRequestedBytes(): number {
  const bytes = requestedBytes;
  requestedBytes = 0;
  return bytes;
}
