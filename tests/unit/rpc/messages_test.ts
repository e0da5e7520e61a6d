import { deepEqual, equal, throws } from "../../support/assert.ts";
import { decode, decodeMulti } from "@msgpack/msgpack";
import { WireError } from "../../../lib/base/errors.ts";
import * as messages from "../../../lib/rpc/messages.ts";
import * as replies from "../../../lib/rpc/replies.ts";
import { StatsEncoder } from "../../../lib/rpc/stats_encoding.ts";
import { decodeValue } from "../../../lib/rpc/rpc_value.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { encoded } from "./conversation.ts";

const reader = (bytes: Uint8Array) => new MsgpackReader().reset(bytes);
const bytes = (...values: number[]) => Uint8Array.from(values);
const ascii = (text: string) => Array.from(text, (char) => char.charCodeAt(0));

Deno.test("encodeResponseHeader() writes the bytes of Serf 0.9.4", () => {
  deepEqual(
    encoded((writer) => messages.encodeResponseHeader(writer, 1, "")),
    bytes(0x82, 0xa5, ...ascii("Error"), 0xa0, 0xa3, ...ascii("Seq"), 1),
  );
  deepEqual(
    encoded((writer) => messages.encodeResponseHeader(writer, 0xffffffffffffffffn, "x")).slice(-9),
    bytes(0xcf, ...new Array(8).fill(0xff)),
  );
});

Deno.test("a request header survives the journey, whatever its number", () => {
  for (const seq of [0, 1, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n]) {
    const header = { command: "stale", seq: 7 as messages.Seq };
    messages.decodeRequestHeader(
      reader(encoded((writer) => messages.encodeRequestHeader(writer, "members", seq))),
      header,
    );
    deepEqual(header, { command: "members", seq });
  }
});

Deno.test("decodeRequestHeader() inherits nothing from the header before", () => {
  const header = { command: "leave", seq: 9 as messages.Seq };
  messages.decodeRequestHeader(reader(bytes(0x80)), header);
  deepEqual(header, { command: "", seq: 0 });
});

Deno.test("every request body survives the journey, and reads the same to a general decoder", () => {
  const tags = new Map([["role", "w.*"], ["dc", ""]]);
  const cases: [Uint8Array, unknown, (reader: MsgpackReader) => unknown, unknown][] = [
    [encoded((w) => messages.encodeHandshake(w, 1)), { Version: 1 }, messages.decodeHandshake, 1],
    [encoded((w) => messages.encodeAuth(w, "k")), { AuthKey: "k" }, messages.decodeAuth, "k"],
    [
      encoded((w) => messages.encodeForceLeave(w, "n", true)),
      { Node: "n", Prune: true },
      messages.decodeForceLeave,
      { node: "n", prune: true },
    ],
    [
      encoded((w) => messages.encodeJoin(w, ["a", "b"], true)),
      { Existing: ["a", "b"], Replay: true },
      messages.decodeJoin,
      { addresses: ["a", "b"], replay: true },
    ],
    [
      encoded((w) => messages.encodeMembersFilter(w, { tags, status: "s", name: "n" })),
      { Tags: { role: "w.*", dc: "" }, Status: "s", Name: "n" },
      messages.decodeMembersFilter,
      { tags, status: "s", name: "n" },
    ],
    [encoded((w) => messages.encodeMonitor(w, "info")), { LogLevel: "info" }, messages.decodeMonitor, "info"],
    [encoded((w) => messages.encodeStream(w, "*")), { Type: "*" }, messages.decodeStream, "*"],
    [encoded((w) => messages.encodeStop(w, 5)), { Stop: 5 }, messages.decodeStop, 5],
    [
      encoded((w) => messages.encodeTags(w, tags, ["x"])),
      { Tags: { role: "w.*", dc: "" }, DeleteTags: ["x"] },
      messages.decodeTags,
      { set: tags, remove: ["x"] },
    ],
    [
      encoded((w) => messages.encodeCoordinateRequest(w, "n")),
      { Node: "n" },
      messages.decodeCoordinateRequest,
      "n",
    ],
  ];
  for (const [body, fields, decodeBody, value] of cases) {
    deepEqual(decode(body), fields);
    deepEqual(decodeBody(reader(body)), value);
  }
});

Deno.test("nil, an empty map and an empty array are bodies of zero values", () => {
  for (const body of [bytes(0xc0), bytes(0x80), bytes(0x90)]) {
    equal(messages.decodeHandshake(reader(body)), 0);
    equal(messages.decodeAuth(reader(body)), "");
    deepEqual(messages.decodeForceLeave(reader(body)), { node: "", prune: false });
    deepEqual(messages.decodeJoin(reader(body)), { addresses: [], replay: false });
    deepEqual(messages.decodeMembersFilter(reader(body)), { tags: new Map(), status: "", name: "" });
    equal(messages.decodeStop(reader(body)), 0);
    deepEqual(messages.decodeTags(reader(body)), { set: new Map(), remove: [] });
  }
});

Deno.test("decodeHandshake() refuses what is no 32-bit integer", () => {
  throws(() => messages.decodeHandshake(reader(bytes(0x91, 0xce, 0x80, 0, 0, 0))), WireError);
  throws(() => messages.decodeHandshake(reader(bytes(0x91, 0xa1, 65))), WireError);
  equal(messages.decodeHandshake(reader(bytes(0x91, 0xd2, 0x80, 0, 0, 0))), -0x80000000);
});

Deno.test("replies read the same to a general decoder and to our own", () => {
  const joined = encoded((w) => replies.encodeJoined(w, 3));
  deepEqual(decode(joined), { Num: 3 });
  equal(replies.decodeJoined(reader(joined)), 3);

  const stats = { agent: { name: "x" }, tags: {} };
  const statsBody = encoded((w) => new StatsEncoder().encode(w, stats));
  deepEqual(decode(statsBody), stats);
  deepEqual(
    replies.decodeStats(reader(statsBody)),
    new Map([["agent", new Map([["name", "x"]])], ["tags", new Map()]]),
  );

  const coordinate = { vec: [1, -2.5, 0], error: 1.5, adjustment: -0.25, height: 1e-5 };
  const coordinateBody = encoded((w) => replies.encodeCoordinateReply(w, coordinate));
  deepEqual(decode(coordinateBody), {
    Coord: { Vec: [1, -2.5, 0], Error: 1.5, Adjustment: -0.25, Height: 1e-5 },
    Ok: true,
  });
  deepEqual(replies.decodeCoordinateReply(reader(coordinateBody)), coordinate);
  equal(
    replies.decodeCoordinateReply(reader(encoded((w) => replies.encodeCoordinateReply(w, undefined)))),
    undefined,
  );

  const line = "x".repeat(40) + "\u00e9";
  const log = encoded((w) => replies.encodeLogRecord(w, line));
  deepEqual(decode(log), { Log: line });
  equal(log[5], 0xd9); // a length of 32 to 255 has the one-byte form
  equal(replies.decodeLogRecord(reader(log)), line);
});

Deno.test("decodeValue() reads any value as a general decoder does, and bytes as bytes", () => {
  const body = encoded((w) => {
    w.mapHeader(7).string("nil").nil().string("yes").bool(true).string("int").int(-5);
    w.string("big").uint64(2n ** 64n - 1n).string("float").float64(1.5).string("bytes").bytes(bytes(1, 2));
    w.string("list").arrayHeader(2).string("a").mapHeader(1).string("k").uint(300);
  });
  deepEqual(
    decodeValue(reader(body), body),
    new Map<string, unknown>([
      ["nil", null],
      ["yes", true],
      ["int", -5],
      ["big", 2n ** 64n - 1n],
      ["float", 1.5],
      ["bytes", bytes(1, 2)],
      ["list", ["a", new Map([["k", 300]])]],
    ]),
  );
});

Deno.test("decodeValue() refuses endless nesting, extensions and nothing at all", () => {
  const nested = new Uint8Array(10_000).fill(0x91);
  for (const body of [nested, bytes(0xd4, 1, 1), bytes(), bytes(0x81, 0x01, 0x01)]) {
    throws(() => decodeValue(reader(body), body), WireError);
  }
});

Deno.test("a header and its body are two values side by side", () => {
  const both = encoded((w) => {
    messages.encodeResponseHeader(w, 4, "bad");
    replies.encodeJoined(w, 0);
  });
  deepEqual([...decodeMulti(both)], [{ Seq: 4, Error: "bad" }, { Num: 0 }]);
});
