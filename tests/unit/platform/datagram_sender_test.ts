import { equal, match, throws } from "../../support/assert.ts";
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
  const sender = openUnixDatagrams(path);
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

Deno.test("openUnixDatagrams() says when there is no socket", () => {
  throws(() => openUnixDatagrams("/nowhere/log"), (error: Error) => {
    match(error.message, /^dial unixgram \/nowhere\/log: no such file or directory$/);
    return true;
  });
  throws(() => openUnixDatagrams("/etc/hostname"), { message: "dial unixgram /etc/hostname: not a socket" });
});
