/** The texts are what HashiCorp's agent 0.9.4 printed for these files. */
import { deepEqual, equal, throws } from "../../support/assert.ts";
import { readKeyringFile, writeKeyringFile } from "../../../lib/agent/keyring_file.ts";
import { isKeyLength } from "../../../lib/memberlist/keyring.ts";
import {
  checkTagsLength,
  encodeTagsFile,
  readTagsFile,
  writeTagsFile,
} from "../../../lib/agent/tags_file.ts";
import { FakeFiles } from "./fake_platform.ts";

const KEY16 = "AAECAwQFBgcICQoLDA0ODw==";
const KEY24 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

Deno.test("readTagsFile() reads tags, and takes null for nothing", () => {
  const cases: readonly (readonly [json: string, tags: [string, string][]])[] = [
    ['{"a":"b","c":"d"}', [["a", "b"], ["c", "d"]]],
    ['{"a":null}', [["a", ""]]],
    ["null", []],
    ["{}", []],
  ];
  for (const [json, tags] of cases) {
    deepEqual([...readTagsFile("/t", new FakeFiles({ "/t": json }))!], tags, json);
  }
  equal(readTagsFile("/t", new FakeFiles()), undefined);
});

Deno.test("readTagsFile() names the fault", () => {
  const cases: readonly (readonly [json: string, cause: string])[] = [
    ['{"a":"b"} x', "invalid character 'x' after top-level value"],
    ["", "unexpected end of JSON input"],
    ["[]", "json: cannot unmarshal array into Go value of type map[string]string"],
    ['"x"', "json: cannot unmarshal string into Go value of type map[string]string"],
    ["3", "json: cannot unmarshal number into Go value of type map[string]string"],
    ['{"a":1}', "json: cannot unmarshal number into Go value of type string"],
    ['{"a":true}', "json: cannot unmarshal bool into Go value of type string"],
    ['{"a":["x"]}', "json: cannot unmarshal array into Go value of type string"],
    ['{"a":{"x":1}}', "json: cannot unmarshal object into Go value of type string"],
  ];
  for (const [json, cause] of cases) {
    const message = `Failed to decode tags file: ${cause}`;
    throws(() => readTagsFile("/t", new FakeFiles({ "/t": json })), { message }, json);
  }
  throws(() => readTagsFile("/d", new FakeFiles({ "/d/x": "" })), {
    message: "Failed to read tags file: read /d: is a directory",
  });
});

Deno.test("writeTagsFile() writes what the Go agents write", () => {
  const files = new FakeFiles();
  writeTagsFile("/t", new Map([["z", "9"], ["b", '"<&>\u00e9\u2028']]), files);
  deepEqual(files.writes, [{
    path: "/t",
    text: '{\n  "b": "\\"\\u003c\\u0026\\u003e\u00e9\\u2028",\n  "z": "9"\n}',
    mode: 0o600,
  }]);
  equal(encodeTagsFile(new Map()), "{}");
  deepEqual([...readTagsFile("/t", files)!], [["b", '"<&>\u00e9\u2028'], ["z", "9"]]);
  files.unwritable.set("/t", "is a directory");
  throws(() => writeTagsFile("/t", new Map(), files), {
    message: "Failed to write tags file: open /t: is a directory",
  });
});

Deno.test("checkTagsLength() takes 512 bytes of encoded tags, and no more", () => {
  // ff, map header, "k" (2 bytes), raw16 header (3): 7 bytes beside the value.
  const ofLength = (key: string, length: number) => new Map([[key, "x".repeat(length)]]);
  const fault = { name: "SizeLimitError", message: "Encoded length of tags exceeds limit of 512 bytes" };
  checkTagsLength(ofLength("k", 505), 5);
  throws(() => checkTagsLength(ofLength("k", 506), 5), fault);
  // Of the old protocol the role is all there is.
  checkTagsLength(ofLength("role", 512), 2);
  throws(() => checkTagsLength(ofLength("role", 513), 2), fault);
  checkTagsLength(ofLength("k", 5000), 2);
});

Deno.test("readKeyringFile() gives the keys, the primary first", () => {
  const keys = readKeyringFile("/k", new FakeFiles({ "/k": `["${KEY24}","${KEY16}"]` }));
  deepEqual(keys.map((key) => key.length), [24, 16]);
  deepEqual([...keys[1]!], Array.from({ length: 16 }, (_, i) => i));
});

Deno.test("readKeyringFile() names the fault", () => {
  const size = "Failed to restore keyring: key size must be 16, 24 or 32 bytes";
  const cases: readonly (readonly [json: string, message: string])[] = [
    ["[]", "Keyring file contains no keys"],
    ["null", "Keyring file contains no keys"],
    ["{}", "Failed to decode keyring file: json: cannot unmarshal object into Go value of type []string"],
    ["", "Failed to decode keyring file: unexpected end of JSON input"],
    ["[1]", "Failed to decode keyring file: json: cannot unmarshal number into Go value of type string"],
    ['["!!"]', "Failed to decode key from keyring: illegal base64 data at input byte 0"],
    ['["AAAA"]', size],
    ['[""]', "Failed to restore keyring: Empty primary key not allowed"],
    ["[null]", "Failed to restore keyring: Empty primary key not allowed"],
    [`["${KEY16}","AAAA"]`, size],
    [`["${KEY16}",null]`, size],
  ];
  for (const [json, message] of cases) {
    throws(() => readKeyringFile("/k", new FakeFiles({ "/k": json })), { message }, json);
  }
  throws(() => readKeyringFile("/k", new FakeFiles()), { message: "stat /k: no such file or directory" });
  throws(() => readKeyringFile("/d", new FakeFiles({ "/d/x": "" })), {
    message: "Failed to read keyring file: read /d: is a directory",
  });
});

Deno.test("writeKeyringFile() writes what the Go agents write, for nobody else to read", () => {
  const files = new FakeFiles();
  const keys = [24, 16].map((length) => Uint8Array.from({ length }, (_, i) => i));
  writeKeyringFile("/k", keys, files);
  deepEqual(files.writes, [{ path: "/k", text: `[\n  "${KEY24}",\n  "${KEY16}"\n]`, mode: 0o600 }]);
  deepEqual(readKeyringFile("/k", files), keys);
  files.unwritable.set("/k", "is a directory");
  throws(() => writeKeyringFile("/k", keys, files), {
    message: "Failed to write keyring file: open /k: is a directory",
  });
});

Deno.test("isKeyLength() knows the three lengths of AES keys", () => {
  deepEqual(Array.from({ length: 70 }, (_, length) => length).filter(isKeyLength), [16, 24, 32]);
});
