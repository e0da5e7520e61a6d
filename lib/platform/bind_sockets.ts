/** Binding: one port for TCP and UDP, and a wildcard that means both address families. */
import { joinHostPort, parseIp } from "../base/address.ts";
import { listenError } from "./go_errors.ts";
import { closeQuietly } from "./stream_io.ts";
import type { UdpReach } from "./udp_socket.ts";

/** The host that stands for "every IPv4 address", and by Go's custom for every IPv6 address as well. */
const WILDCARD_V4 = "0.0.0.0";
const WILDCARD_V6 = "::";
/** How often we try another TCP port of the system's choice because its UDP twin is taken. */
const PORT_TRIES = 16;

/** TCP and UDP sockets bound to one port. */
export interface BoundSockets {
  readonly listener: Deno.TcpListener;
  readonly datagrams: Deno.DatagramConn;
  readonly reach: UdpReach;
  readonly port: number;
}

/**
 * Binds TCP and UDP to one port.
 *
 * @param host an IP literal; `0.0.0.0` means both families where the system has both.
 * @param port 0 lets the system choose one that is free for both.
 * @throws {TransportError} `listen udp 127.0.0.1:7946: bind: address already in use`. Nothing stays bound.
 */
export function bindSockets(host: string, port: number): BoundSockets {
  for (let tries = 1;; tries++) {
    const { listener, boundHost } = bindListener(host, port);
    const boundPort = listener.addr.port;
    try {
      const datagrams = Deno.listenDatagram({ transport: "udp", hostname: boundHost, port: boundPort });
      return { listener, datagrams, reach: reachOf(boundHost), port: boundPort };
    } catch (error) {
      closeQuietly(listener);
      if (port === 0 && tries < PORT_TRIES && error instanceof Deno.errors.AddrInUse) continue;
      throw listenError("udp", host, joinHostPort(host, boundPort), error);
    }
  }
}

/**
 * Binds a TCP listener; see {@linkcode bindSockets} for the wildcard.
 *
 * @returns the listener, and the host that it is really bound to.
 * @throws {TransportError} `listen tcp 127.0.0.1:7373: bind: address already in use`.
 */
export function bindListener(host: string, port: number): { listener: Deno.TcpListener; boundHost: string } {
  if (host === WILDCARD_V4) {
    const listener = tryBindDual(port);
    if (listener !== undefined) return { listener, boundHost: WILDCARD_V6 };
  }
  try {
    return { listener: Deno.listen({ hostname: host, port }), boundHost: host };
  } catch (error) {
    throw listenError("tcp", host, joinHostPort(host, port), error);
  }
}

/** @returns a listener for both families, or undefined when `[::]` does not exist here or carries IPv6 alone. */
function tryBindDual(port: number): Deno.TcpListener | undefined {
  let dual: Deno.TcpListener;
  try {
    dual = Deno.listen({ hostname: WILDCARD_V6, port });
  } catch {
    // Taken, not allowed, or no IPv6: the attempt on IPv4 that follows says which, in the words of the user's address.
    return undefined;
  }
  try {
    // Only where `[::]` carries IPv6 alone is the port still free for IPv4.
    closeQuietly(Deno.listen({ hostname: WILDCARD_V4, port: dual.addr.port }));
  } catch {
    return dual;
  }
  closeQuietly(dual);
  return undefined;
}

function reachOf(boundHost: string): UdpReach {
  if (boundHost === WILDCARD_V6) return "dual";
  return parseIp(boundHost)?.length === 16 ? "v6" : "v4";
}
