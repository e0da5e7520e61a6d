/** Records about events and queries, as HashiCorp's Serf 0.9.4 sent them over TCP, and as we encode the same. */
import { deepEqual, equal } from "../support/assert.ts";
import {
  decodeQueryRecord,
  encodeQueryEventRecord,
  encodeQueryRecord,
  encodeUserRecord,
} from "../../lib/rpc/query_messages.ts";
import { MsgpackReader } from "../../lib/wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";
import { encoded } from "../unit/rpc/conversation.ts";

const NONE = new Uint8Array(0);
const ABC = Uint8Array.of(0x61, 0x62, 0x63);
const QUERY = { type: "query", id: 1, sourceNode: "x", deadlineMs: 0, respond: () => {} } as const;

const RECORDS: Readonly<Record<string, { hex: string; encode: (writer: MsgpackWriter) => void }>> = {
  "a user event": {
    hex: "85a8436f616c65736365c2a54576656e74a475736572a54c54696d6507a44e616d65a66465706c6f79" +
      "a75061796c6f6164c403616263",
    encode: (writer) =>
      encodeUserRecord(writer, { type: "user", lTime: 7, name: "deploy", payload: ABC, coalesce: false }),
  },
  "a user event without name and payload": {
    hex: "85a8436f616c65736365c2a54576656e74a475736572a54c54696d6509a44e616d65a0a75061796c6f6164c0",
    encode: (writer) =>
      encodeUserRecord(writer, { type: "user", lTime: 9, name: "", payload: NONE, coalesce: false }),
  },
  "a query": {
    hex: "85a54576656e74a57175657279a2494402a54c54696d650da44e616d65a46c6f6164a75061796c6f6164c403616263",
    encode: (writer) =>
      encodeQueryEventRecord(writer, { ...QUERY, lTime: 13, name: "load", payload: ABC }, 2),
  },
  "a query without name and payload": {
    hex: "85a54576656e74a57175657279a2494403a54c54696d650ea44e616d65a0a75061796c6f6164c0",
    encode: (writer) => encodeQueryEventRecord(writer, { ...QUERY, lTime: 14, name: "", payload: NONE }, 3),
  },
};

const RESULTS = [
  ["ack", "x", NONE, "83a446726f6da178a75061796c6f6164c0a454797065a361636b"],
  [
    "response",
    "x",
    new TextEncoder().encode("out"),
    "83a446726f6da178a75061796c6f6164c4036f7574a454797065a8726573706f6e7365",
  ],
  ["done", "", NONE, "83a446726f6da0a75061796c6f6164c0a454797065a4646f6e65"],
] as const;

for (const [name, { hex: expected, encode }] of Object.entries(RECORDS)) {
  Deno.test(`golden: rpc: the record of ${name}`, () => equal(hex(encoded(encode)), expected));
}

Deno.test("golden: rpc: the records of a query's results, both ways", () => {
  for (const [type, from, payload, expected] of RESULTS) {
    const bytes = encoded((writer) => encodeQueryRecord(writer, type, from, payload));
    equal(hex(bytes), expected);
    deepEqual(decodeQueryRecord(new MsgpackReader().reset(bytes)), { type, from, payload });
  }
});

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
