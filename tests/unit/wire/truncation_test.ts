/** Messages that are cut short: refused at every length, without a look beyond the end. */
import { equal, ok, throws } from "../../support/assert.ts";
import { WireError } from "../../../lib/base/errors.ts";
import { MessageType } from "../../../lib/memberlist/messages.ts";
import { SerfMessageType } from "../../../lib/serf/messages.ts";
import { leafMessages } from "../../golden/leaves.ts";
import { type Decoder, MEMBERLIST_DECODERS, SERF_DECODERS } from "../../support/wire_decoders.ts";

/** One captured message of each kind, with its decoder; body only. */
function bodies(): Map<string, { body: Uint8Array; decode: Decoder }> {
  const found = new Map<string, { body: Uint8Array; decode: Decoder }>();
  for (const message of leafMessages()) {
    const isSerf = message[0] === MessageType.user;
    const type = isSerf ? message[1]! : message[0]!;
    const decode = (isSerf ? SERF_DECODERS : MEMBERLIST_DECODERS).get(type);
    const name = `${isSerf ? "Serf" : "memberlist"} message ${type}`;
    const body = message.subarray(isSerf ? 2 : 1);
    const known = found.get(name);
    // A relay ends with any bytes; the longest of each kind has the most to cut.
    if (decode === undefined || isSerf && type === SerfMessageType.relay) continue;
    if (known === undefined || known.body.length < body.length) found.set(name, { body, decode });
  }
  return found;
}

const ALL = bodies();

Deno.test("the samples hold 14 kinds of messages to cut", () => equal(ALL.size, 14, [...ALL.keys()].join()));

for (const [name, { body, decode }] of ALL) {
  Deno.test(`${name} cut anywhere is refused`, () => {
    // One byte in front, for decoders that want the type byte; what would complete the message stands behind the cut.
    const buffer = new Uint8Array(body.length + 1);
    buffer.set(body, 1);
    decode(buffer, 1, buffer.length);
    for (let end = 1; end < buffer.length; end++) {
      throws(
        () => decode(buffer, 1, end),
        (error) => {
          ok(error instanceof WireError, `cut to ${end - 1}: ${error}`);
          ok(error.offset <= end, `cut to ${end - 1}: looked at ${error.offset}`);
          return true;
        },
        `cut to ${end - 1}`,
      );
    }
  });
}
