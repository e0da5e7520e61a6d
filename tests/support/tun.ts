/**
 * Network interfaces whose other end is a file: what a host sends through the interface is read here, a whole IP packet at
 * a time, and what is written here the host receives. The interface may be moved to another network namespace; the file
 * goes on working.
 */
import type { Libc } from "./libc.ts";

const DEVICE = "/dev/net/tun";
/** Read and write, do not wait, and do not live on in child processes. */
const OPEN_FLAGS = 0o2 | 0o4000 | 0o2000000;
const TUNSETIFF = 0x400454can;
/** An interface for IP packets, with nothing before them. */
const IFF_TUN_NO_PI = 0x1001;
/** `struct ifreq`: the name, then the flags. */
const REQUEST_BYTES = 40;
const NAME_BYTES = 16;

/**
 * Makes an interface in the namespace of this process, which lives as long as the file.
 * @param name at most 15 characters.
 * @returns the file's descriptor, which does not wait; whoever asked closes it.
 */
export function openTun(libc: Libc, name: string): number {
  const fd = libc.symbols.open(new TextEncoder().encode(`${DEVICE}\0`), OPEN_FLAGS);
  if (fd < 0) throw new Error(`${DEVICE} cannot be opened`);
  const request = new Uint8Array(REQUEST_BYTES);
  new TextEncoder().encodeInto(name, request.subarray(0, NAME_BYTES - 1));
  new DataView(request.buffer).setUint16(NAME_BYTES, IFF_TUN_NO_PI, true);
  if (libc.symbols.ioctl(fd, TUNSETIFF, request) < 0) {
    libc.symbols.close(fd);
    throw new Error(`no interface ${name} can be made`);
  }
  return fd;
}
