/** Gives an agent many members at once, as a joining peer would: one push/pull over TCP. protocol.md B. */

const encoder = new TextEncoder();

function raw(bytes: Uint8Array): number[] {
  if (bytes.length < 32) return [0xa0 | bytes.length, ...bytes];
  return [0xda, bytes.length >> 8, bytes.length & 255, ...bytes];
}

function text(value: string): number[] {
  return raw(encoder.encode(value));
}

/** What the injected member of this number is called. */
export function memberName(index: number): string {
  return `member-${String(index).padStart(5, "0")}`;
}

/** Its address: 127.9.0.0 and up. */
export function memberIp(index: number): Uint8Array {
  return Uint8Array.of(127, 9, index >> 8, index & 255);
}

/** The versions that it speaks, as HashiCorp's agents do. */
export const MEMBER_VERSIONS: Uint8Array = Uint8Array.of(1, 5, 2, 2, 5, 5);

function node(index: number, port: number): number[] {
  const tags = [0xff, 0x82, ...text("dc"), ...text("east"), ...text("role"), ...text("web")];
  return [
    0x87,
    ...text("Addr"),
    ...raw(memberIp(index)),
    ...text("Incarnation"),
    1,
    ...text("Meta"),
    ...raw(new Uint8Array(tags)),
    ...text("Name"),
    ...text(memberName(index)),
    ...text("Port"),
    0xcd,
    port >> 8,
    port & 255,
    ...text("State"),
    0,
    ...text("Vsn"),
    ...raw(MEMBER_VERSIONS),
  ];
}

/** The push/pull message of somebody who knows `count` alive members at 127.9.0.0:`port` and up. */
export function encodeMembers(count: number, port: number): Uint8Array {
  const bytes = [
    0x06,
    0x83,
    ...text("Join"),
    0xc2,
    ...text("Nodes"),
    0xcd,
    count >> 8,
    count & 255,
    ...text("UserStateLen"),
    0,
  ];
  for (let i = 0; i < count; i++) for (const byte of node(i, port)) bytes.push(byte);
  return new Uint8Array(bytes);
}

/**
 * Sends the state of `count` alive members to `host:7946` and reads the agent's own state.
 *
 * @param port where the members are said to be.
 * @returns how many bytes the agent's state took.
 */
export async function injectMembers(host: string, count: number, port: number): Promise<number> {
  const message = encodeMembers(count, port);
  const conn = await Deno.connect({ hostname: host, port: 7946 });
  const reading = readToEnd(conn);
  for (let offset = 0; offset < message.length;) offset += await conn.write(message.subarray(offset));
  const bytes = await reading;
  conn.close();
  return bytes;
}

async function readToEnd(conn: Deno.Conn): Promise<number> {
  const sink = new Uint8Array(65_536);
  let bytes = 0;
  for (let n = await conn.read(sink); n !== null; n = await conn.read(sink)) bytes += n;
  return bytes;
}
