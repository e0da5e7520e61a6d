/** Comparing IP addresses as raw bytes, without making objects of them. */

/** Whether two byte strings are the same. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  const length = a.length;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether `part` stands in `bytes` at `start`. */
export function isAt(part: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < part.length; i++) if (part[i] !== bytes[start + i]) return false;
  return true;
}

/** Whether 4 or 16 bytes name the same host: an IPv4 address equals its v4-mapped form. */
export function sameIp(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length === b.length) return bytesEqual(a, b);
  return a.length < b.length ? isMappedFormOf(b, a) : isMappedFormOf(a, b);
}

function isMappedFormOf(mapped: Uint8Array, v4: Uint8Array): boolean {
  if (v4.length !== 4 || mapped.length !== 16) return false;
  for (let i = 0; i < 10; i++) if (mapped[i] !== 0) return false;
  if (mapped[10] !== 0xff || mapped[11] !== 0xff) return false;
  for (let i = 0; i < 4; i++) if (mapped[12 + i] !== v4[i]) return false;
  return true;
}
