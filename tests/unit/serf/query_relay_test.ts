import { deepEqual, equal } from "../../support/assert.ts";
import { decodeQueryResponse } from "../../../lib/serf/query_messages.ts";
import { decodeRelay } from "../../../lib/serf/relay_message.ts";
import { makeNode } from "./fakes.ts";
import { partsFixture, queryMessage } from "./parts.ts";

/** Puts a query with acks and relays to the fixture. @returns to whom something was sent. */
function ask(f: ReturnType<typeof partsFixture>, relayFactor: number): string[] {
  f.router.onMessage(queryMessage({ flags: 1, relayFactor }));
  return f.sent.map(({ to }) => to);
}

function withPeers(count: number) {
  const f = partsFixture();
  for (let i = 0; i < count; i++) f.delegate.onNodeJoin(makeNode(`p${i}`, `127.0.1.${i}`, 7946));
  return f;
}

Deno.test("D.6: an ack goes straight, and through so many others as are asked for", () => {
  const f = withPeers(9);
  const [first, ...relayers] = ask(f, 3);
  equal(first, "127.0.0.2:7000");
  equal(relayers.length, 3);
  equal(new Set(relayers).size, 3);
  const { message } = f.sent[1]!;
  deepEqual([message[0], message[1]], [8, 9]);
  const { ip, port, destName, inner } = decodeRelay(message, 2, message.length);
  deepEqual([[...ip], port, destName], [[127, 0, 0, 2], 7000, "asker"]);
  deepEqual(inner, f.sent[0]!.message.subarray(1));
  equal(decodeQueryResponse(inner, 1, inner.length).from, "me");
});

Deno.test("D.6: in a cluster too small for so many relays there are none", () => {
  equal(ask(withPeers(2), 3).length, 1);
  equal(ask(withPeers(3), 3).length, 4);
});

Deno.test("D.6: only members that are alive and speak the protocol pass on", () => {
  const f = withPeers(4);
  f.delegate.onNodeLeave(makeNode("p0", "127.0.1.0", 7946));
  const old = makeNode("p1", "127.0.1.1", 7946);
  old.versions = { ...old.versions, pMax: 4 };
  f.delegate.onNodeUpdate(old);
  deepEqual(ask(f, 4).slice(1).sort(), ["127.0.1.2:7946", "127.0.1.3:7946"]);
});

Deno.test("surface 6.2: an answer that the relay's envelope makes too long is sent straight, and reported", () => {
  const f = withPeers(3);
  ask(f, 2);
  f.sent.length = 0;
  const query = f.heardQueries[0]!;
  let message = "";
  try {
    query.respond(new Uint8Array(950));
  } catch (error) {
    message = (error as Error).message;
  }
  equal(message, "relayed response exceeds limit of 1024 bytes");
  deepEqual(f.sent.map(({ to }) => to), ["127.0.0.2:7000"]);
});
