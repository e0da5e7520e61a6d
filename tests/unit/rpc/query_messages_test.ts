import { deepEqual, equal, throws } from "../../support/assert.ts";
import { WireError } from "../../../lib/base/errors.ts";
import * as messages from "../../../lib/rpc/query_messages.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";

const encoded = (write: (writer: MsgpackWriter) => void): MsgpackReader => {
  const writer = new MsgpackWriter(64);
  write(writer);
  return new MsgpackReader().reset(writer.copy());
};
const NONE = new Uint8Array(0);

Deno.test("decodeQuery() takes relay factors of a byte", () => {
  const factor = (value: number) =>
    encoded((writer) => writer.mapHeader(1).string("RelayFactor").uint(value));
  equal(messages.decodeQuery(factor(255)).relayFactor, 255);
  throws(() => messages.decodeQuery(factor(256)), WireError);
});

Deno.test("encodeQuery() takes every duration there is; what is too long for anybody is clamped", () => {
  const query = { filterNodes: [], filterTags: new Map(), requestAck: false, relayFactor: 0, name: "n" };
  const timeoutMs = (ns: bigint) =>
    messages.decodeQuery(encoded((writer) => messages.encodeQuery(writer, { ...query, payload: NONE }, ns)))
      .timeoutMs;
  deepEqual([0n, 1_500_000n, -1_500_000n].map(timeoutMs), [0, 1.5, -1.5]);
  equal(timeoutMs((1n << 63n) - 1n), Number.MAX_SAFE_INTEGER / 1e6);
  equal(timeoutMs(-(1n << 63n)), Number.MIN_SAFE_INTEGER / 1e6);
});

Deno.test("payloads that are nil are empty", () => {
  const nil = () => encoded((writer) => writer.mapHeader(1).string("Payload").nil());
  equal(messages.decodeEvent(nil()).payload.length, 0);
  equal(messages.decodeQuery(nil()).payload.length, 0);
  equal(messages.decodeRespond(nil()).payload.length, 0);
  equal(messages.decodeQueryRecord(nil()).payload.length, 0);
});

Deno.test("decodeRespond() takes any number of 64 bits for an id", () => {
  const id = (value: bigint) => encoded((writer) => messages.encodeRespond(writer, value, NONE));
  equal(messages.decodeRespond(id((1n << 64n) - 1n)).id, (1n << 64n) - 1n);
  equal(messages.decodeRespond(id(7n)).id, 7);
});
