/** Hostile bytes on the RPC port: nothing throws, nothing hangs, the log stays short, and the next client is served. */
import { deepEqual, equal, ok } from "../support/assert.ts";
import fc from "fast-check";
import golden from "../golden/rpc_conversations.json" with { type: "json" };
import { authRequest, Conversation, HANDSHAKE, request } from "../unit/rpc/conversation.ts";
import { FakeBackend } from "../unit/rpc/fake_backend.ts";
import { concat } from "../unit/rpc/fake_stream.ts";

const SENT = golden.conversations.map(({ sent }) =>
  Uint8Array.from(sent.match(/../g)!, (pair) => parseInt(pair, 16))
);

/** Bytes of a real conversation, some of them changed, some gone, some added. */
const mutated = fc.tuple(
  fc.nat(SENT.length - 1),
  fc.array(fc.tuple(fc.constantFrom("set", "cut", "insert"), fc.nat(200), fc.nat(255)), {
    minLength: 1,
    maxLength: 6,
  }),
).map(([index, changes]) => {
  const bytes = [...SENT[index]!];
  for (const [kind, at, value] of changes) {
    const place = at % (bytes.length + 1);
    if (kind === "set") bytes[place] = value;
    else if (kind === "cut") bytes.splice(place, value % 8);
    else bytes.splice(place, 0, value);
  }
  return Uint8Array.from(bytes);
});

const hostile = fc.oneof(
  mutated,
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => concat([HANDSHAKE, bytes])),
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
);

for (const authKey of ["", "sekret"]) {
  Deno.test(`fuzz: rpc: any bytes (${authKey === "" ? "open" : "locked"})`, async () => {
    const backend = new FakeBackend();
    const first = new Conversation(authKey, backend);
    await first.hangUp();
    await fc.assert(
      fc.asyncProperty(hostile, fc.integer({ min: 1, max: 64 }), async (bytes, chunkSize) => {
        const talk = new Conversation(authKey, backend, first.context);
        for (let at = 0; at < bytes.length; at += chunkSize) {
          talk.connection.send(bytes.subarray(at, at + chunkSize));
        }
        await talk.hangUp();
        ok(talk.connection.isClosed);
        ok(talk.connection.queuedMax < 100_000);
        equal(first.context.replies.length, 0);
        equal(backend.listenerCount, 0);
        equal(backend.logRing.subscriberCount, 0);
      }),
      { numRuns: 1000 },
    );
    ok(backend.lines.length <= 40, `${backend.lines.length} lines`);
    const next = new Conversation(authKey, backend, first.context);
    const untouched = new Conversation(authKey);
    const polite = [HANDSHAKE, authRequest(2, authKey), request("members", 3)];
    next.connection.send(...polite);
    untouched.connection.send(...polite);
    deepEqual(await next.hangUp(), await untouched.hangUp());
  });
}
