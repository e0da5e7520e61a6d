import { deepEqual, equal, match, throws } from "../../support/assert.ts";
import { decodeMulti } from "@msgpack/msgpack";
import { TransportError } from "../../../lib/base/errors.ts";
import { encodeAuth } from "../../../lib/rpc/messages.ts";
import { RpcServer } from "../../../lib/rpc/rpc_server.ts";
import { HANDSHAKE, request, settle } from "./conversation.ts";
import { FakeBackend, FakeClock } from "./fake_backend.ts";
import { FakeConnection, FakeListener } from "./fake_stream.ts";

function started(clientsMax?: number, authKey = "") {
  const backend = new FakeBackend();
  const listener = new FakeListener();
  const listened: unknown[] = [];
  const platform = {
    clock: new FakeClock(),
    listenStream: (host: string, port: number) => {
      listened.push([host, port]);
      return listener;
    },
  };
  const options = { host: "127.0.0.1", port: 0, authKey };
  const server = new RpcServer(
    backend,
    platform,
    clientsMax === undefined ? options : { ...options, clientsMax },
  );
  server.start();
  return { backend, listener, server, listened };
}

Deno.test("RpcServer serves clients at the same time, and logs that it accepted them", async () => {
  const { backend, listener, server, listened } = started();
  deepEqual(listened, [["127.0.0.1", 0]]);
  equal(server.port, 7373);
  const clients = ["127.0.0.1:1", "[::1]:2"].map((remote) => listener.connect(new FakeConnection(remote)));
  for (const client of clients) client.send(HANDSHAKE, request("stats", 2));
  await settle();
  for (const client of clients) equal([...decodeMulti(client.fetched())].length, 3);
  deepEqual(backend.lines.map((line) => line.slice(20)), [
    "[INFO] agent.ipc: Accepted client: 127.0.0.1:1",
    "[INFO] agent.ipc: Accepted client: [::1]:2",
  ]);
  equal(server.clientCount, 2);
  equal(server.counters.clientsAccepted, 2);
  equal(server.counters.commands, 4);
  clients[0]!.end();
  await settle();
  equal(server.clientCount, 1);
  server.close();
});

Deno.test("RpcServer turns away who comes when it is full; who is there stays", async () => {
  const { backend, listener, server } = started(2);
  const connect = (port: number) => listener.connect(new FakeConnection(`127.0.0.1:${port}`));
  const clients = [connect(1), connect(2)];
  for (const client of clients) client.send(HANDSHAKE);
  await settle();
  clients.push(connect(3));
  await settle();
  deepEqual(clients.map((client) => client.isClosed), [false, false, true]);
  match(backend.lines.at(-1)!, /\[WARN\] agent\.ipc: Refusing client: 127\.0\.0\.1:3: 2 are connected$/);
  equal(server.counters.clientsRefused, 1);
  clients[0]!.end();
  await settle();
  const next = listener.connect(new FakeConnection());
  await settle();
  equal(next.isClosed, false);
  server.close();
});

Deno.test("RpcServer: when it is full, the oldest of those who have not shown the key give way", async () => {
  const { backend, listener, server } = started(4, "secret");
  const connect = (port: number) => listener.connect(new FakeConnection(`127.0.0.1:${port}`));
  const [known, slow, silent, shy] = [connect(1), connect(2), connect(3), connect(4)];
  known!.send(HANDSHAKE, request("auth", 2, (w) => encodeAuth(w, "secret")));
  // He does not even fetch what he was answered: the system may not let go of him.
  slow!.isFetching = false;
  slow!.send(HANDSHAKE);
  silent!.send(Uint8Array.of(0x82));
  shy!.send(HANDSHAKE);
  await settle();
  const isClosed = () => [known, slow, silent, shy].map((client) => client!.isClosed);
  const next = connect(5);
  await settle();
  deepEqual(isClosed(), [false, false, true, false]);
  match(backend.lines.at(-2)!, /Refusing client: 127\.0\.0\.1:3: 4 are connected$/);
  connect(6);
  await settle();
  deepEqual(isClosed(), [false, false, true, true]);
  equal(next.isClosed, false);
  equal(server.clientCount, 4);
  equal(server.counters.clientsRefused, 2);
  server.close();
});

Deno.test("RpcServer counts a client until the system has let go of its connection", async () => {
  const { listener, server } = started(1);
  const stranded = listener.connect(new FakeConnection());
  stranded.isStranded = true;
  stranded.send(Uint8Array.of(0xc1));
  await settle();
  equal(stranded.isClosed, true);
  equal(server.clientCount, 1);
  const refused = listener.connect(new FakeConnection());
  await settle();
  equal(refused.isClosed, true);
  stranded.release();
  await settle();
  equal(server.clientCount, 0);
  server.close();
});

Deno.test("RpcServer.close() ends all connections; it may be called twice", async () => {
  const { listener, server } = started();
  const client = listener.connect(new FakeConnection());
  client.send(HANDSHAKE);
  await settle();
  server.close();
  server.close();
  await settle();
  equal(client.isClosed, true);
  equal(server.clientCount, 0);
});

Deno.test("RpcServer.start() reports that it cannot listen", () => {
  const platform = {
    clock: new FakeClock(),
    listenStream: () => {
      throw new TransportError("local", "listen tcp 127.0.0.1:7373: bind: address already in use");
    },
  };
  const server = new RpcServer(new FakeBackend(), platform, { host: "127.0.0.1", port: 7373, authKey: "" });
  throws(
    () => server.start(),
    /^TransportError: listen tcp 127\.0\.0\.1:7373: bind: address already in use$/,
  );
  server.close();
});
