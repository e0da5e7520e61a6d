/** The RPC server's fast path: pipelined `members` requests, from bytes to bytes, in a cluster of one. */
import { SeededRandom } from "../../lib/base/seeded_random.ts";
import type { StreamConnection } from "../../lib/platform/platform.ts";
import { RpcContext } from "../../lib/rpc/rpc_context.ts";
import { COMMANDS } from "../../lib/rpc/rpc_handlers.ts";
import { RpcSession } from "../../lib/rpc/rpc_session.ts";
import { HANDSHAKE, request } from "../unit/rpc/conversation.ts";
import { FakeBackend, FakeClock, fakeMember } from "../unit/rpc/fake_backend.ts";
import { concat } from "../unit/rpc/fake_stream.ts";

/** Requests in one read, as a busy client sends them. */
const DEPTH = 64;

/** Answers at least `size` requests. @returns a hash of all that was answered. */
export function run(size: number, seed: number): number {
  const random = new SeededRandom(seed);
  const backend = new FakeBackend();
  backend.list = [fakeMember(`node-${random.below(1000)}`, { tags: new Map([["role", "web"]]) })];
  const connection = new HashingConnection();
  const session = new RpcSession(new RpcContext(backend, new FakeClock(), ""), COMMANDS, connection);
  session.onBytes(HANDSHAKE);
  const chunk = concat(Array.from({ length: DEPTH }, (_, i) => request("members", i)));
  for (let done = 0; done < size; done += DEPTH) session.onBytes(chunk);
  session.close();
  return connection.hash;
}

/** Takes everything at once, and keeps no more of it than a hash of a few bytes of each write. */
class HashingConnection implements StreamConnection {
  readonly remote = "127.0.0.1:50000";
  readonly queuedBytes = 0;
  hash = 0x811c9dc5;
  write(bytes: Uint8Array): number {
    const step = Math.max(1, bytes.length >> 6);
    for (let i = 0; i < bytes.length; i += step) {
      this.hash = Math.imul(this.hash ^ bytes[i]!, 0x01000193) >>> 0;
    }
    return 0;
  }
  read = () => Promise.resolve(null);
  drained = () => Promise.resolve();
  released = () => Promise.resolve();
  close(): void {}
}
