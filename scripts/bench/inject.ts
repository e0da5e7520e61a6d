/** Gives an agent many members at once, as a joining peer would: one push/pull over TCP. protocol.md B. */

const encoder = new TextEncoder();

function raw(bytes: Uint8Array): number[] {
  if (bytes.length < 32) return [0xa0 | bytes.length, ...bytes];
  return [0xda, bytes.length >> 8, bytes.length & 255, ...bytes];
}

function text(value: string): number[] {
  return raw(encoder.encode(value));
}

function node(index: number): number[] {
  const tags = [0xff, 0x82, ...text("dc"), ...text("east"), ...text("role"), ...text("web")];
  return [
    0x87,
    ...text("Addr"),
    ...raw(new Uint8Array([127, 9, index >> 8, index & 255])),
    ...text("Incarnation"),
    1,
    ...text("Meta"),
    ...raw(new Uint8Array(tags)),
    ...text("Name"),
    ...text(`member-${String(index).padStart(5, "0")}`),
    ...text("Port"),
    0xcd,
    0x1f,
    0x0a,
    ...text("State"),
    0,
    ...text("Vsn"),
    ...raw(new Uint8Array([1, 5, 2, 2, 5, 5])),
  ];
}

/** Sends the state of `count` alive members to `host:7946` and waits for the agent's own state. */
export async function injectMembers(host: string, count: number): Promise<void> {
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
  for (let i = 0; i < count; i++) bytes.push(...node(i));
  const conn = await Deno.connect({ hostname: host, port: 7946 });
  const message = new Uint8Array(bytes);
  for (let offset = 0; offset < message.length;) offset += await conn.write(message.subarray(offset));
  const sink = new Uint8Array(65_536);
  while (await conn.read(sink) !== null);
  conn.close();
}
