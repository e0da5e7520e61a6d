/** Client and server over real sockets. */
import { deepEqual, equal, rejects } from "../../support/assert.ts";
import { createPlatform } from "../../../lib/platform/deno_platform.ts";
import { RpcClient } from "../../../lib/rpc/rpc_client.ts";
import { RpcServer } from "../../../lib/rpc/rpc_server.ts";
import { HANDSHAKE, request, settle } from "./conversation.ts";
import { FakeBackend, fakeMember } from "./fake_backend.ts";
import { concat } from "./fake_stream.ts";

const HOST = "127.0.20.7";

function started(members: number) {
  const backend = new FakeBackend();
  backend.list = Array.from({ length: members }, (_, i) => fakeMember(`node-${i}`));
  const platform = createPlatform();
  const server = new RpcServer(backend, platform, { host: HOST, port: 0, authKey: "sekret" });
  server.start();
  return { backend, platform, server, address: `${HOST}:${server.port}` };
}

Deno.test("RPC over sockets: a hundred overlapping requests for a thousand members", async () => {
  const { platform, server, address } = started(1000);
  const client = await RpcClient.connect(platform, address, "sekret");
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.members()));
  for (const members of answers) equal(members.length, 1000);
  equal(answers[99]![999]!.name, "node-999");
  server.close();
  await client.closed;
  await rejects(client.members(), { message: "client closed" });
});

Deno.test("RPC over sockets: the last answer arrives before the connection ends", async () => {
  const { server } = started(1);
  const conn = await Deno.connect({ hostname: HOST, port: server.port });
  await conn.write(concat([HANDSHAKE, request("stats", 2)]));
  await conn.write(Uint8Array.of(0xc1));
  const received: Uint8Array[] = [];
  const buffer = new Uint8Array(4096);
  for (let size = await conn.read(buffer); size !== null; size = await conn.read(buffer)) {
    received.push(buffer.slice(0, size));
  }
  conn.close();
  const text = new TextDecoder().decode(concat(received));
  deepEqual(text.includes("Authentication required"), true);
  server.close();
});

Deno.test("RPC over sockets: a client that vanishes is forgotten", async () => {
  const { platform, server, address } = started(1);
  const clients = await Promise.all([1, 2, 3].map(() => RpcClient.connect(platform, address, "sekret")));
  for (const client of clients) await client.accepted;
  equal(server.clientCount, 3);
  for (const client of clients) client.close();
  while (server.clientCount > 0) await settle();
  server.close();
});
