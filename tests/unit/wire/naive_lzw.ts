/** The LZW of protocol.md A.6, written as it is told there: slow, plain, and independent of lib/wire/lzw.ts. */

/** @param clears whether to emit a clear code when the table is full, as Go does; else the table stays as it is. */
export function naiveLzw(input: Uint8Array, clears = true): Uint8Array {
  const bits: number[] = [];
  const put = (code: number, width: number) => {
    for (let i = 0; i < width; i++) bits.push((code >> i) & 1);
  };
  let table = new Map<string, number>();
  let high = 257;
  let width = 9;
  put(256, 9);
  let prefix = "";
  const codeOf = (text: string) => text.length === 1 ? text.charCodeAt(0) : table.get(text)!;
  const count = () => {
    if (!clears && high === 4095) return false;
    high++;
    if (high === 512 || high === 1024 || high === 2048) width++;
    if (clears && high === 4095) {
      put(256, 12);
      width = 9;
      high = 257;
      table = new Map();
      return false;
    }
    return true;
  };
  for (const byte of input) {
    const next = prefix + String.fromCharCode(byte);
    if (next.length === 1 || table.has(next)) {
      prefix = next;
      continue;
    }
    put(codeOf(prefix), width);
    if (count()) table.set(next, high);
    prefix = next.slice(-1);
  }
  if (prefix !== "") {
    put(codeOf(prefix), width);
    count();
  }
  put(257, width);
  while (bits.length % 8 !== 0) bits.push(0);
  const output = new Uint8Array(bits.length / 8);
  bits.forEach((bit, index) => output[index >> 3]! |= bit << (index & 7));
  return output;
}
