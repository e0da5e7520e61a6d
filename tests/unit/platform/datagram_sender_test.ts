import { equal, rejects } from "../../support/assert.ts";
import { openDatagrams, openUnixDatagrams } from "../../../lib/platform/datagram_sender.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("openDatagrams() sends to a UDP port, and does not mind when nobody listens", async () => {
  const receiver = Deno.listenDatagram({ transport: "udp", hostname: "127.0.105.1", port: 0 });
  const sender = openDatagrams("127.0.105.1", (receiver.addr as Deno.NetAddr).port);
  sender.send(encode("a:1.000000|c\n"));
  equal(decode((await receiver.receive())[0]), "a:1.000000|c\n");
  receiver.close();
  sender.send(encode("lost"));
  sender.close();
  sender.close();
  sender.send(encode("after the end"));
});

Deno.test("openUnixDatagrams() sends to a socket's path, and leaves nothing behind", async () => {
  const folder = Deno.makeTempDirSync();
  const before = [...Deno.readDirSync(`${folder}/..`)].filter(({ name }) => name.startsWith("serf-")).length;
  const path = `${folder}/log`;
  const receiver = Deno.listenDatagram({ transport: "unixpacket", path });
  const sender = await openUnixDatagrams(path);
  sender.send(encode("one"));
  sender.send(encode("two"));
  equal(decode((await receiver.receive())[0]), "one");
  equal(decode((await receiver.receive())[0]), "two");
  const after = [...Deno.readDirSync(`${folder}/..`)].filter(({ name }) => name.startsWith("serf-")).length;
  equal(after, before);
  sender.close();
  receiver.close();
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("openUnixDatagrams() speaks on a stream where one is listened for, and opens a new one when it ended", async () => {
  const folder = Deno.makeTempDirSync(), path = `${folder}/log`;
  const read = async (connection: Deno.Conn, length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) at += (await connection.read(bytes.subarray(at)))!;
    return decode(bytes);
  };
  let daemon = Deno.listen({ transport: "unix", path });
  const sender = await openUnixDatagrams(path);
  let connection = await daemon.accept();
  sender.send(encode("one\n"));
  sender.send(encode("two\n"));
  equal(await read(connection, 8), "one\ntwo\n");
  connection.close();
  daemon.close();
  // Some versions of the runtime remove the path themselves.
  if ([...Deno.readDirSync(folder)].length > 0) Deno.removeSync(path);
  sender.send(encode("lost\n"));
  await sender.drained();
  daemon = Deno.listen({ transport: "unix", path });
  sender.send(encode("three\n"));
  connection = await daemon.accept();
  equal(await read(connection, 6), "three\n");
  sender.close();
  equal(await connection.read(new Uint8Array(1)), null);
  connection.close();
  daemon.close();
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("openUnixDatagrams() says when nobody listens there", async () => {
  const fails = (path: string, cause: string) =>
    rejects(openUnixDatagrams(path), { name: "TransportError", message: `dial unixgram ${path}: ${cause}` });
  await fails("/nowhere/log", "no such file or directory");
  await fails("/etc/hostname", "not a socket");
  const folder = Deno.makeTempDirSync(), path = `${folder}/log`;
  Deno.listenDatagram({ transport: "unixpacket", path }).close();
  await fails(path, "connection refused");
  Deno.removeSync(folder, { recursive: true });
});
