/** The thread of responder.ts. */
import { encodePing } from "./ping_flood.ts";
import { answersTo } from "./responder_answers.ts";
import type { ResponderCommand, ResponderReply } from "./responder.ts";

const worker = self as unknown as {
  postMessage(reply: ResponderReply): void;
  onmessage: ((event: MessageEvent<ResponderCommand>) => void) | null;
};
const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
const { port } = socket.addr as Deno.NetAddr;
let packetsIn = 0, bytesIn = 0, bytesOut = 0;

function send(bytes: Uint8Array, to: Deno.Addr): void {
  bytesOut += bytes.length;
  // An agent that was ended refuses what is still under way.
  socket.send(bytes, to).catch(() => {});
}

function pingForever(host: string, name: string, intervalMs: number): void {
  let sequence = 1 << 30;
  const to: Deno.NetAddr = { transport: "udp", hostname: host, port: 7946 };
  setInterval(() => send(encodePing(name, sequence++), to), intervalMs);
}

worker.onmessage = ({ data }) => {
  if (data.kind === "traffic") worker.postMessage({ packetsIn, bytesIn, bytesOut });
  else pingForever(data.host, data.name, data.intervalMs);
};
worker.postMessage({ port });

const buffer = new Uint8Array(65_536);
for (;;) {
  const [packet, from] = await socket.receive(buffer);
  packetsIn++;
  bytesIn += packet.length;
  for (const ack of answersTo(packet)) send(ack, from);
}
