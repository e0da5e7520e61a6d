import { equal, ok, throws } from "../../support/assert.ts";
import { OptionError, TransportError } from "../../../lib/base/errors.ts";
import { bindSockets } from "../../../lib/platform/bind_sockets.ts";
import { closeAll, World } from "./fakes.ts";

function failsWith(action: () => unknown, message: string): void {
  throws(action, (error) => {
    ok(error instanceof TransportError);
    equal(error.message, message);
    equal(error.remote, false);
    return true;
  });
}

Deno.test("bindSockets() gives TCP and UDP the same port", () => {
  const { listener, datagrams, port, reach } = bindSockets("127.0.10.40", 0);
  equal(listener.addr.port, port);
  equal((datagrams.addr as Deno.NetAddr).port, port);
  equal(reach, "v4");
  closeAll(listener, datagrams);
});

Deno.test("bindSockets() tries other ports while the UDP twin is taken", () => {
  const original = Deno.listenDatagram;
  let refusals = 5;
  Deno.listenDatagram = ((options: Deno.UdpListenOptions & { transport: "udp" }) => {
    if (refusals-- > 0) throw new Deno.errors.AddrInUse("Address already in use (os error 98)");
    return original(options);
  }) as typeof original;
  try {
    const { listener, datagrams, port } = bindSockets("127.0.10.41", 0);
    equal(refusals, -1);
    equal((datagrams.addr as Deno.NetAddr).port, port);
    closeAll(listener, datagrams);
    refusals = Infinity;
    const text = /listen udp 127\.0\.10\.41:\d+: bind: address already in use$/;
    throws(() => bindSockets("127.0.10.41", 0), text);
  } finally {
    Deno.listenDatagram = original;
  }
});

Deno.test("bindSockets() names the socket that is taken, and leaves nothing bound", () => {
  const tcp = Deno.listen({ hostname: "127.0.10.42", port: 0 });
  const { port } = tcp.addr;
  failsWith(
    () => bindSockets("127.0.10.42", port),
    `listen tcp 127.0.10.42:${port}: bind: address already in use`,
  );
  tcp.close();
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.10.42", port });
  failsWith(
    () => bindSockets("127.0.10.42", port),
    `listen udp 127.0.10.42:${port}: bind: address already in use`,
  );
  udp.close();
  const { listener, datagrams } = bindSockets("127.0.10.42", port);
  closeAll(listener, datagrams);
});

Deno.test("bindSockets() says so when the address is not this machine's", () => {
  failsWith(
    () => bindSockets("192.0.2.250", 0),
    "listen tcp 192.0.2.250:0: bind: cannot assign requested address",
  );
});

Deno.test("bindSockets() takes 0.0.0.0 as both families, and reports a busy port in the user's words", () => {
  const { listener, datagrams, port, reach } = bindSockets("0.0.0.0", 0);
  try {
    equal(reach, "dual");
    failsWith(() => bindSockets("0.0.0.0", port), `listen tcp 0.0.0.0:${port}: bind: address already in use`);
  } finally {
    closeAll(listener, datagrams);
  }
});

Deno.test("bindSockets() falls back to IPv4 where there is no IPv6, or where [::] excludes IPv4", () => {
  const original = Deno.listen;
  const withListen = (fake: (options: Deno.TcpListenOptions) => Deno.TcpListener) => {
    Deno.listen = fake as typeof original;
    try {
      const { listener, datagrams, reach, port } = bindSockets("0.0.0.0", 0);
      equal(listener.addr.hostname, "0.0.0.0");
      equal((datagrams.addr as Deno.NetAddr).port, port);
      equal(reach, "v4");
      closeAll(listener, datagrams);
    } finally {
      Deno.listen = original;
    }
  };
  withListen((options) => {
    if (options.hostname === "::") throw new Error("Address family not supported by protocol (os error 97)");
    return original(options);
  });
  // With V6ONLY the [::] listener leaves the IPv4 port free: modelled by one that does not really hold it.
  withListen((options) =>
    options.hostname === "::" ? original({ hostname: "::1", port: 0 }) : original(options)
  );
});

Deno.test("DenoTransport refuses a host that is no address", async () => {
  throws(() => new World("localhost"), OptionError);
  const world = new World("127.0.10.43");
  await world.close();
});
