/** A flood of pings with a fixed number under way: what one ping and its ack cost the agent. */
import { gcmSeal } from "./seal.ts";

const WINDOW = 64;

/** One encoded ping to `name`, without a source: the ack comes back to the datagram's sender. protocol.md A.3. */
export function encodePing(name: string, sequence: number): Uint8Array {
  const node = new TextEncoder().encode(name);
  if (node.length > 31) throw new RangeError("the bench's node names are short");
  const text = (value: string) => [0xa0 | value.length, ...new TextEncoder().encode(value)];
  return new Uint8Array([
    0x00,
    0x82,
    ...text("Node"),
    0xa0 | node.length,
    ...node,
    ...text("SeqNo"),
    0xce,
    sequence >>> 24,
    (sequence >>> 16) & 255,
    (sequence >>> 8) & 255,
    sequence & 255,
  ]);
}

/**
 * Sends `count` pings to `host:7946`, at most {@linkcode WINDOW} unanswered.
 *
 * @returns how many acks came back; losses show as fewer.
 */
export async function floodPings(
  host: string,
  name: string,
  count: number,
  key?: Uint8Array,
): Promise<number> {
  const pings = Array.from({ length: WINDOW }, (_, i) => {
    const ping = encodePing(name, i + 1);
    return key === undefined ? ping : gcmSeal(key, ping);
  });
  return await floodPackets(host, pings, count);
}

/** The same with any packets that are answered by one each; they are sent over and over. */
export async function floodPackets(
  host: string,
  packets: readonly Uint8Array[],
  count: number,
): Promise<number> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to: Deno.NetAddr = { transport: "udp", hostname: host, port: 7946 };
  const buffer = new Uint8Array(65_536);
  let sent = 0, received = 0;
  for (; sent < Math.min(WINDOW, count); sent++) await socket.send(packets[sent % packets.length]!, to);
  const watchdog = setTimeout(() => socket.close(), 60_000);
  try {
    while (received < count) {
      await socket.receive(buffer);
      received++;
      if (sent < count) void socket.send(packets[sent++ % packets.length]!, to);
    }
  } catch {
    // The watchdog closed the socket: packets were lost.
  }
  clearTimeout(watchdog);
  if (received === count) socket.close();
  return received;
}
