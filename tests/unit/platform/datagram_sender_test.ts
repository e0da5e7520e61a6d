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

Deno.test("openUnixDatagrams() says when there is no socket", () => {
  throws(() => openUnixDatagrams("/nowhere/log"), (error: Error) => {
    match(error.message, /^dial unixgram \/nowhere\/log: no such file or directory$/);
    return true;
  });
  throws(() => openUnixDatagrams("/etc/hostname"), { message: "dial unixgram /etc/hostname: not a socket" });
});
