import { deepEqual, equal } from "../../support/assert.ts";
import { Keyring } from "../../../lib/memberlist/keyring.ts";
import { decodeKeyResponse, encodeKeyRequest } from "../../../lib/serf/key_messages.ts";
import { decodeQueryResponse } from "../../../lib/serf/query_messages.ts";
import { encoded, partsFixture, queryMessage } from "./parts.ts";

const key = (fill: number, length = 32) => new Uint8Array(length).fill(fill);
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const request = (bytes: Uint8Array) => encoded((writer) => encodeKeyRequest(writer, bytes));

function ask(f: ReturnType<typeof partsFixture>, verb: string, payload: Uint8Array | null, id = 1) {
  f.sent.length = 0;
  f.router.onMessage(queryMessage({ id, name: `_serf_${verb}`, payload }));
  const message = f.sent[0]!.message;
  const { payload: answer } = decodeQueryResponse(message, 2, message.length);
  equal(answer![0], 8);
  return decodeKeyResponse(answer!, 1, answer!.length);
}

/** What the log says of all this, debugging aside. */
function linesOf(f: ReturnType<typeof partsFixture>): string[] {
  return f.logger.lines.filter((line) => !line.startsWith("DEBUG"));
}

Deno.test("D.7: keys are installed, used and removed, and saved each time", () => {
  const keyring = new Keyring([key(1)]);
  const saved: number[][] = [];
  const saveKeys = (keys: readonly Uint8Array[]) => saved.push(keys.map((each) => each[0]!));
  const f = partsFixture([], {}, { keyring, saveKeys });
  const fine = { result: true, message: "", keys: null, primaryKey: "" };
  deepEqual(ask(f, "install-key", request(key(2)), 1), fine);
  deepEqual(ask(f, "use-key", request(key(2)), 2), fine);
  deepEqual(ask(f, "remove-key", request(key(1)), 3), fine);
  deepEqual(saved, [[1, 2], [2, 1], [2]]);
  equal(f.logger.matching("INFO serf: Received use-key query").length, 1);
  deepEqual(f.heardQueries, []);
});

Deno.test("D.7: what cannot be done is refused in the words of the real agents", () => {
  const f = partsFixture([], {}, { keyring: new Keyring([key(1)]) });
  const cases = [
    ["install-key", request(key(1, 5)), "key size must be 16, 24 or 32 bytes", "Failed to install key"],
    ["use-key", request(key(9)), "Requested key is not in the keyring", "Failed to change primary key"],
    ["remove-key", request(key(1)), "Removing the primary key is not allowed", "Failed to remove key"],
  ] as const;
  cases.forEach(([verb, payload, message, logged], id) => {
    deepEqual(ask(f, verb, payload, id), { result: false, message, keys: null, primaryKey: "" });
    equal(f.logger.matching(`ERR serf: ${logged}: ${message}`).length, 1);
  });
});

Deno.test("D.7: a request that cannot be read fails without a word, and harms nothing", () => {
  const f = partsFixture([], {}, { keyring: new Keyring([key(1)]) });
  [Uint8Array.of(7), Uint8Array.of(7, 0xc1), Uint8Array.of(7, 0x81), null].forEach((payload, id) => {
    const { result } = ask(f, "use-key", payload, id);
    equal(result, false);
  });
});

Deno.test("D.7: without encryption there is nothing to change or to list", () => {
  const f = partsFixture();
  equal(ask(f, "install-key", request(key(1)), 1).message, "No keyring to modify (encryption not enabled)");
  const { result, message } = ask(f, "list-keys", request(new Uint8Array(0)), 2);
  deepEqual([result, message], [false, "Keyring is empty (encryption not enabled)"]);
  deepEqual(linesOf(f), [
    "ERR serf: No keyring to modify (encryption not enabled)",
    "ERR serf: Keyring is empty (encryption not enabled)",
  ]);
});

Deno.test("D.7: keys are listed, and which is the primary", () => {
  const f = partsFixture([], {}, { keyring: new Keyring([key(1), key(2, 16)]) });
  deepEqual(ask(f, "list-keys", request(new Uint8Array(0))), {
    result: true,
    message: "",
    keys: [base64(key(1)), base64(key(2, 16))],
    primaryKey: base64(key(1)),
  });
});

Deno.test("surface 6.2: a list that does not fit is cut, and says so", () => {
  const all = Array.from({ length: 40 }, (_, i) => key(i + 1));
  const f = partsFixture([], {}, { keyring: new Keyring(all) });
  const { result, message, keys } = ask(f, "list-keys", request(new Uint8Array(0)));
  equal(result, true);
  equal(message, `truncated key list response, showing first ${keys!.length} of 40 keys`);
  deepEqual(keys, all.slice(0, keys!.length).map(base64));
  deepEqual(linesOf(f), ["INFO serf: Received list-keys query", `WARN serf: ${message}`]);
  equal(keys!.length > 15 && keys!.length < 23, true);
  equal(f.sent[0]!.message.length - 1 <= 1024, true);
});

Deno.test("surface 6.2: as many short keys are listed as fit, of however many", () => {
  const all = Array.from({ length: 1000 }, (_, i) => Uint8Array.from({ length: 16 }, (_, j) => i >> j & 1));
  const few = partsFixture([], {}, { keyring: new Keyring(all) });
  const listed = ask(few, "list-keys", request(new Uint8Array(0)));
  const count = listed.keys!.length;
  equal(listed.message, `truncated key list response, showing first ${count} of 1000 keys`);
  const bytes = few.sent[0]!.message.length - 1;
  equal(bytes <= 1024 && bytes + 25 > 1024, true, `${count} keys in ${bytes} bytes`);
});

Deno.test("D.7: a file that cannot be written is told to who asked; the key is in force", () => {
  const keyring = new Keyring([key(1)]);
  const saveKeys = () => {
    throw new Error("Failed to write keyring file: open /k: permission denied");
  };
  const f = partsFixture([], {}, { keyring, saveKeys });
  const { result, message } = ask(f, "install-key", request(key(2)));
  deepEqual([result, message], [false, "Failed to write keyring file: open /k: permission denied"]);
  equal(keyring.has(key(2)), true);
});

Deno.test("surface 6.2: a limit that lets no answer pass is no list that begins before its start", () => {
  const keyring = new Keyring([key(1), key(2)]);
  const f = partsFixture([], { responseBytesMax: -1 }, { keyring });
  f.router.onMessage(queryMessage({ name: "_serf_list-keys", payload: request(new Uint8Array(0)) }));
  equal(f.sent.length, 0);
  equal(f.logger.matching("showing first 0 of 2 keys").length, 1);
});
