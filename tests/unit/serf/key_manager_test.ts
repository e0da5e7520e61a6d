import { deepEqual, equal, throws } from "../../support/assert.ts";
import {
  decodeKeyRequest,
  encodeKeyResponse,
  type KeyResponseMessage,
} from "../../../lib/serf/key_messages.ts";
import { KeyManager, type KeyResult } from "../../../lib/serf/key_manager.ts";
import type { QuerySink } from "../../../lib/serf/query_collector.ts";
import { QUERY_DEFAULTS, type QueryParams } from "../../../lib/serf/query_sender.ts";
import { RecordingLogger } from "./fakes.ts";
import { encoded } from "./parts.ts";

/** A manager that asks `nodeCount` nodes, who answer as the test says. */
function fixture(nodeCount: number) {
  const logger = new RecordingLogger();
  const asked: { name: string; payload: Uint8Array; params: QueryParams }[] = [];
  const results: KeyResult[] = [];
  const state = { cancelled: 0, sink: undefined as QuerySink | undefined };
  const manager = new KeyManager({
    logger,
    nodeCount: () => nodeCount,
    send: (name, payload, params, sink) => {
      asked.push({ name, payload, params });
      state.sink = sink;
      return { cancel: () => void state.cancelled++ };
    },
  });
  const answer = (from: string, fields: Partial<KeyResponseMessage> = {}) => {
    const response = { result: true, message: "", keys: null, primaryKey: "", ...fields };
    state.sink!.onResponse(from, encoded((writer) => encodeKeyResponse(writer, response)));
  };
  return {
    manager,
    logger,
    asked,
    results,
    state,
    answer,
    done: (result: KeyResult) => results.push(result),
  };
}

const KEY = Uint8Array.of(1, 2, 3);

Deno.test("KeyManager asks everybody, by the verb's name, for the default time", () => {
  const f = fixture(2);
  f.manager.install(KEY, f.done);
  f.manager.use(KEY, f.done);
  f.manager.remove(KEY, f.done);
  f.manager.list(f.done);
  const names = ["_serf_install-key", "_serf_use-key", "_serf_remove-key", "_serf_list-keys"];
  deepEqual(f.asked.map(({ name }) => name), names);
  for (const { params } of f.asked) equal(params, QUERY_DEFAULTS);
  const keys = f.asked.map(({ payload }) => [payload[0], ...decodeKeyRequest(payload, 1, payload.length)]);
  deepEqual(keys, [[7, 1, 2, 3], [7, 1, 2, 3], [7, 1, 2, 3], [7]]);
});

Deno.test("KeyManager is done as soon as all have answered, and asks no longer", () => {
  const f = fixture(2);
  f.manager.use(KEY, f.done);
  f.state.sink!.onAck("a");
  f.answer("a");
  deepEqual([f.results.length, f.state.cancelled], [0, 0]);
  f.answer("b");
  deepEqual(f.results, [
    { messages: new Map(), keys: new Map(), nodeCount: 2, errorCount: 0, responseCount: 2, error: "" },
  ]);
  equal(f.state.cancelled, 1);
});

Deno.test("KeyManager: who says nothing is missing, and fails the whole", () => {
  const f = fixture(3);
  f.manager.use(KEY, f.done);
  f.answer("a");
  f.state.sink!.onDone();
  const [{ error, errorCount, responseCount }] = f.results as [KeyResult];
  deepEqual([error, errorCount, responseCount], ["1/3 nodes reported success", 0, 1]);
  equal(f.state.cancelled, 0);
});

Deno.test("KeyManager: each failure is told with its node, whatever way it failed", () => {
  const f = fixture(4);
  f.manager.remove(KEY, f.done);
  f.answer("a", { result: false, message: "Removing the primary key is not allowed" });
  f.state.sink!.onResponse("b", Uint8Array.of(7, 0x80));
  f.state.sink!.onResponse("c", Uint8Array.of(8, 0xc1));
  f.state.sink!.onResponse("d", new Uint8Array(0));
  const [{ messages, error, errorCount, responseCount }] = f.results as [KeyResult];
  deepEqual(
    messages,
    new Map([
      ["a", "Removing the primary key is not allowed"],
      ["b", "Invalid key query response type: [7 128]"],
      ["c", "Failed to decode key query response: [8 193]"],
      ["d", "Invalid key query response type: []"],
    ]),
  );
  deepEqual([error, errorCount, responseCount], ["4/4 nodes reported failure", 4, 4]);
});

Deno.test("KeyManager counts listed keys; a remark is told and logged, and is no failure", () => {
  const f = fixture(2);
  f.manager.list(f.done);
  f.answer("a", { keys: ["k1", "k2"], primaryKey: "k1" });
  const remark = "truncated key list response, showing first 1 of 9 keys";
  f.answer("b", { keys: ["k1"], primaryKey: "k1", message: remark });
  const [{ keys, messages, error }] = f.results as [KeyResult];
  deepEqual([keys, messages, error], [new Map([["k1", 2], ["k2", 1]]), new Map([["b", remark]]), ""]);
  deepEqual(f.logger.lines, [`WARN serf: ${remark}`]);
});

Deno.test("KeyManager counts no more distinct keys than a cluster can have", () => {
  const f = fixture(2);
  f.manager.list(f.done);
  f.answer("a", { keys: Array.from({ length: 5000 }, (_, i) => `k${i}`) });
  f.answer("b", { keys: ["k0", "k4999"] });
  const { keys } = f.results[0]!;
  deepEqual([keys.size, keys.get("k0"), keys.get("k4999")], [4096, 2, undefined]);
});

Deno.test("KeyManager: what cannot be asked is thrown, and done is not called", () => {
  const results: KeyResult[] = [];
  const refuse = () => {
    throw new Error("no");
  };
  const manager = new KeyManager({ logger: new RecordingLogger(), nodeCount: () => 1, send: refuse });
  throws(() => manager.list((result) => results.push(result)), { message: "no" });
  equal(results.length, 0);
});
