import { ok } from "../support/assert.ts";
import fc from "fast-check";
import { Keyring } from "../../lib/memberlist/keyring.ts";
import { encodeUserEvent } from "../../lib/serf/event_messages.ts";
import { encodeQuery, encodeQueryResponse } from "../../lib/serf/query_messages.ts";
import { encoded, partsFixture } from "../unit/serf/parts.ts";

const NAMES = [
  "load",
  "_serf_ping",
  "_serf_conflict",
  "_serf_list-keys",
  "_serf_use-key",
  "_serf_install-key",
  "_serf_x",
];
const bytes = fc.uint8Array({ maxLength: 40 });

const message = fc.oneof(
  fc.record({
    lTime: fc.nat({ max: 2000 }),
    id: fc.nat(),
    addr: fc.constantFrom(Uint8Array.of(127, 0, 0, 2), new Uint8Array(0), new Uint8Array(16)),
    port: fc.nat({ max: 65_535 }),
    sourceNode: fc.string(),
    filters: fc.array(bytes, { maxLength: 3 }),
    flags: fc.nat({ max: 7 }),
    relayFactor: fc.nat({ max: 255 }),
    timeoutNs: fc.integer(),
    name: fc.constantFrom(...NAMES),
    payload: fc.option(bytes),
  }).map((query) => encoded((writer) => encodeQuery(writer, query))),
  fc.record({
    lTime: fc.nat({ max: 3 }),
    id: fc.nat(),
    from: fc.string(),
    flags: fc.nat({ max: 3 }),
    payload: fc.option(bytes),
  }).map((response) => encoded((writer) => encodeQueryResponse(writer, response))),
  fc.record({
    lTime: fc.nat({ max: 2000 }),
    name: fc.string(),
    payload: fc.option(bytes),
    coalesce: fc.boolean(),
  }).map((event) => encoded((writer) => encodeUserEvent(writer, event))),
);

/** Some bytes of a good message are changed, or its end is missing. */
const damaged = fc.tuple(
  message,
  fc.array(fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 255 })), { maxLength: 4 }),
  fc.nat({ max: 9 }),
)
  .map(([good, changes, missing]) => {
    const copy = good.slice(0, Math.max(0, good.length - (missing > 6 ? missing : 0)));
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return copy;
  });

Deno.test("fuzz: no query, answer or event of a stranger breaks Serf, and no answer is longer than it may be", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(message, damaged), { maxLength: 30 }), (messages) => {
      const f = partsFixture(["a", "b", "c"], {}, { keyring: new Keyring([new Uint8Array(32)]) });
      f.querySender.send("own", new Uint8Array(0), {
        filterNodes: [],
        filterTags: new Map(),
        requestAck: true,
        relayFactor: 0,
        timeoutMs: 100,
      }, { onAck() {}, onResponse() {}, onDone() {} });
      for (const each of messages) f.router.onMessage(each);
      f.clock.runFor(200);
      for (const { message: sent } of f.sent) ok(sent.length <= 65_507);
      for (const { message: sent } of f.sent) if (sent[1] === 5) ok(sent.length - 1 <= 1024);
      ok(f.heardQueries.every(({ name }) => !name.startsWith("_serf_")));
    }),
    { numRuns: 300 },
  );
});
