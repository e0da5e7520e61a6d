import { deepEqual, equal, throws } from "../../support/assert.ts";
import { AssertionError } from "../../../lib/base/assert.ts";
import { WireError } from "../../../lib/base/errors.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { StructFields } from "../../../lib/wire/struct_fields.ts";
import { fromHex, toHex } from "../../golden/sample.ts";

const read = <T>(hex: string, take: (reader: MsgpackReader) => T): T =>
  take(new MsgpackReader().reset(fromHex(hex)));
const refuses = (hex: string, take: (reader: MsgpackReader) => unknown) =>
  throws(() => read(hex, take), WireError, `${hex} should be refused`);

Deno.test("MsgpackReader.string() takes fixraw, str8, raw16, raw32 and nil, and refuses bin, arrays and integers", () => {
  for (const hex of ["a3616263", "d903616263", "da0003616263", "db00000003616263"]) {
    equal(read(hex, (reader) => reader.string()), "abc");
  }
  equal(read("c0", (reader) => reader.string()), "");
  for (const hex of ["c403616263", "c50003616263", "c600000003616263", "93616263", "00", "c3", "ff", "cb"]) {
    refuses(hex, (reader) => reader.string());
  }
});

Deno.test("MsgpackReader.bytes() takes every string form, bin, arrays of small integers, and nil", () => {
  const forms = ["a3010203", "d903010203", "da0003010203", "db00000003010203", "c403010203", "c50003010203"];
  for (const hex of [...forms, "c600000003010203", "93010203", "dc0003010203", "9301cc02d003"]) {
    equal(toHex(read(hex, (reader) => reader.bytes())!), "010203");
  }
  equal(read("c0", (reader) => reader.bytes()), null);
  equal(read("a0", (reader) => reader.bytes())!.length, 0);
  equal(toHex(read("92c001", (reader) => reader.bytes())!), "0001");
  for (const hex of ["05", "c3", "81a16101", "91cd0100", "91ff", "91a161", "cb0000000000000000"]) {
    refuses(hex, (reader) => reader.bytes());
  }
});

Deno.test("MsgpackReader.bytes() gives a view into the input", () => {
  const input = fromHex("a2aabb");
  const view = new MsgpackReader().reset(input).bytes()!;
  input[1] = 0xcc;
  equal(toHex(view), "ccbb");
  equal(view.buffer, input.buffer);
});

Deno.test("MsgpackReader.uint() takes any integer format, checks the range, and refuses floats and negatives", () => {
  for (
    const hex of ["21", "cc21", "cd0021", "ce00000021", "cf0000000000000021", "d021", "d10021", "d200000021"]
  ) {
    equal(read(hex, (reader) => reader.uint(0xffffffff)), 33);
  }
  equal(read("d30000000000000021", (reader) => reader.uint(33)), 33);
  equal(read("c0", (reader) => reader.uint(0)), 0);
  equal(read("ceffffffff", (reader) => reader.uint(0xffffffff)), 0xffffffff);
  for (const hex of ["cf0000000100000000", "ff", "d0ff", "d1ffff", "d2ffffffff", "d3ffffffffffffffff"]) {
    refuses(hex, (reader) => reader.uint(0xffffffff));
  }
  for (const hex of ["cb4014000000000000", "ca40a00000", "a101", "c3", "90"]) {
    refuses(hex, (reader) => reader.uint(255));
  }
  refuses("cd0100", (reader) => reader.uint(255));
  refuses("05", (reader) => reader.uint(4));
});

Deno.test("MsgpackReader.int() is exact within the safe integers and refuses what is not", () => {
  const values: [string, number][] = [["e0", -32], ["d080", -128], ["d18000", -32768], [
    "d280000000",
    -2147483648,
  ]];
  for (const [hex, value] of values) equal(read(hex, (reader) => reader.int()), value);
  equal(read("d3ffe0000000000001", (reader) => reader.int()), Number.MIN_SAFE_INTEGER);
  equal(read("cf001fffffffffffff", (reader) => reader.int()), Number.MAX_SAFE_INTEGER);
  refuses("cf0020000000000000", (reader) => reader.int());
  refuses("d38000000000000000", (reader) => reader.int());
});

Deno.test("MsgpackReader.intClamped() keeps durations beyond 2^53 nanoseconds at the bound", () => {
  equal(read("cebebc2000", (reader) => reader.intClamped()), 3_200_000_000);
  equal(read("cfffffffffffffffff", (reader) => reader.intClamped()), Number.MAX_SAFE_INTEGER);
  equal(read("d37fffffffffffffff", (reader) => reader.intClamped()), Number.MAX_SAFE_INTEGER);
  equal(read("d38000000000000000", (reader) => reader.intClamped()), Number.MIN_SAFE_INTEGER);
});

Deno.test("MsgpackReader.uint64() refuses Lamport times that a number cannot hold; uint64OrBig() is exact", () => {
  equal(read("cf001fffffffffffff", (reader) => reader.uint64()), Number.MAX_SAFE_INTEGER);
  for (const hex of ["cf0020000000000000", "cfffffffffffffffff", "ff"]) {
    refuses(hex, (reader) => reader.uint64());
  }
  equal(read("cfffffffffffffffff", (reader) => reader.uint64OrBig()), 2n ** 64n - 1n);
  equal(read("cf0020000000000001", (reader) => reader.uint64OrBig()), 2n ** 53n + 1n);
  equal(read("cf0000000000000005", (reader) => reader.uint64OrBig()), 5);
  equal(read("c0", (reader) => reader.uint64OrBig()), 0);
  refuses("d0ff", (reader) => reader.uint64OrBig());
});

Deno.test("MsgpackReader.float() takes float64, float32, integers and nil", () => {
  equal(read("cb3ff8000000000000", (reader) => reader.float()), 1.5);
  equal(read("ca3fc00000", (reader) => reader.float()), 1.5);
  equal(read("00", (reader) => reader.float()), 0);
  equal(read("d1ff00", (reader) => reader.float()), -256);
  equal(read("c0", (reader) => reader.float()), 0);
  equal(read("cb7ff8000000000000", (reader) => reader.float()), NaN);
  equal(read("cb7ff0000000000000", (reader) => reader.float()), Infinity);
  refuses("a130", (reader) => reader.float());
  refuses("cb3ff80000", (reader) => reader.float());
});

Deno.test("MsgpackReader.bool() takes c2, c3, 0, 1 and nil, and nothing else", () => {
  deepEqual(["c2", "c3", "00", "01", "c0"].map((hex) => read(hex, (reader) => reader.bool())), [
    false,
    true,
    false,
    true,
    false,
  ]);
  for (const hex of ["02", "cc01", "a0", "ff", "90"]) refuses(hex, (reader) => reader.bool());
});

Deno.test("MsgpackReader headers count, take nil for nothing, and refuse the wrong kind", () => {
  for (const hex of ["82c0c0c0c0", "de0002c0c0c0c0", "df00000002c0c0c0c0"]) {
    equal(read(hex, (reader) => reader.mapHeader()), 2);
  }
  for (const hex of ["92c0c0", "dc0002c0c0", "dd00000002c0c0"]) {
    equal(read(hex, (reader) => reader.arrayHeader()), 2);
  }
  equal(read("c0", (reader) => reader.mapHeader()), 0);
  equal(read("c0", (reader) => reader.arrayHeader()), 0);
  refuses("90", (reader) => reader.mapHeader());
  refuses("80", (reader) => reader.arrayHeader());
});

Deno.test("MsgpackReader believes no count that is larger than what remains", () => {
  for (const hex of ["dfffffffff", "8181", "de000281"]) refuses(hex, (reader) => reader.mapHeader());
  for (const hex of ["ddffffffff", "92c0", "dc000300"]) refuses(hex, (reader) => reader.arrayHeader());
  for (const hex of ["ddffffffff", "dbffffffff61", "c6ffffffff00"]) refuses(hex, (reader) => reader.bytes());
  refuses("dbffffffff61", (reader) => reader.string());
  for (const hex of ["dfffffffff", "ddffffffff00", "c9ffffffff00", "dbffffffff"]) {
    refuses(hex, (reader) => reader.skip());
  }
  equal(read("df00000005c0", (reader) => reader.mapCount()), 5);
});

Deno.test("MsgpackReader.skip() passes over every kind of value, ext included, and refuses c1", () => {
  const values = [
    "c0",
    "c2",
    "7f",
    "ff",
    "cc01",
    "cd0001",
    "ce00000001",
    "cf0000000000000001",
    "d001",
    "d10001",
  ];
  values.push(
    "d200000001",
    "d30000000000000001",
    "ca00000000",
    "cb0000000000000000",
    "a161",
    "d90161",
    "da000161",
  );
  values.push("db0000000161", "c40161", "c5000161", "c60000000161", "d40101", "d5010101", "d60101010101");
  values.push(
    "d7010101010101010101",
    "d801" + "01".repeat(16),
    "c7020a0101",
    "c800020a0101",
    "c9000000020a0101",
  );
  values.push(
    "8201020304",
    "de00010102",
    "df000000010102",
    "920102",
    "dc00020102",
    "dd000000020102",
    "81a16193c08090",
  );
  for (const hex of values) {
    const position = read(hex + "c3", (reader) => {
      reader.skip();
      return reader.position;
    });
    equal(position, hex.length / 2, hex);
    for (let cut = 0; cut < hex.length; cut += 2) refuses(hex.slice(0, cut), (reader) => reader.skip());
  }
  refuses("c1", (reader) => reader.skip());
});

Deno.test("MsgpackReader.skip() survives any nesting", () => {
  const depth = 200_000;
  const nested = new Uint8Array(depth + 1).fill(0x91);
  nested[depth] = 0xc0;
  const reader = new MsgpackReader().reset(nested);
  reader.skip();
  equal(reader.position, depth + 1);
});

const FIELDS = new StructFields("SeqNo", "Node", "Flag");

function readFields(hex: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  read(hex, (reader) =>
    reader.struct(FIELDS, (field) => {
      found[FIELDS.names[field]!] = field === 0
        ? reader.uint(255)
        : field === 1
        ? reader.string()
        : reader.bool();
    }));
  return found;
}

Deno.test("MsgpackReader.struct() takes maps of any header and order, skips unknown keys, lets the last duplicate win", () => {
  const seqNo = "a55365714e6f07";
  const node = "a44e6f6465a161";
  const both = { SeqNo: 7, Node: "a" };
  for (const header of ["82", "de0002", "df00000002"]) {
    deepEqual(readFields(header + seqNo + node), both);
    deepEqual(readFields(header + node + seqNo), both);
  }
  deepEqual(readFields("83a44e6f6465a178" + seqNo + node), both);
  deepEqual(readFields("83" + seqNo + "a35a7a7a81a161950102c0cb3ff8000000000000c3" + node), both);
  deepEqual(readFields("83" + seqNo + "a35a7ac0d6ff00000001".replace("7ac0", "7a7a") + node), both);
  deepEqual(readFields("82d9055365714e6f07da00044e6f6465a161"), both);
  // Keys are compared to the letter; nil is the empty key, which nobody has.
  deepEqual(readFields("82a57365716e6f07c007"), {});
  refuses("82c4055365714e6f07a0a0", (reader) => reader.struct(FIELDS, () => reader.skip()));
  refuses("820707a0a0", (reader) => reader.struct(FIELDS, () => reader.skip()));
});

Deno.test("MsgpackReader.struct() takes arrays in declaration order, too short and too long, and nil", () => {
  deepEqual(readFields("9307a161c3"), { SeqNo: 7, Node: "a", Flag: true });
  deepEqual(readFields("9107"), { SeqNo: 7 });
  deepEqual(readFields("9507a161c381a16101c0"), { SeqNo: 7, Node: "a", Flag: true });
  deepEqual(readFields("dc000207a161"), { SeqNo: 7, Node: "a" });
  deepEqual(readFields("90"), {});
  deepEqual(readFields("80"), {});
  deepEqual(readFields("c0"), {});
  for (const hex of ["07", "a161", "c3", "c40101", ""]) {
    refuses(hex, (reader) => reader.struct(FIELDS, () => {}));
  }
});

Deno.test("MsgpackReader structs nest, and an error in one leaves the reader usable", () => {
  const outer = new StructFields("In", "N");
  const inner = new StructFields("A", "B");
  const seen: number[] = [];
  const reader = new MsgpackReader();
  const walk = (hex: string) => {
    reader.reset(fromHex(hex));
    reader.struct(outer, (field) => {
      if (field === 0) reader.struct(inner, () => seen.push(reader.uint(255)));
      else seen.push(reader.uint(255));
    });
  };
  walk("82a2496e82a14101a14202a14e03");
  deepEqual(seen, [1, 2, 3]);
  for (let i = 0; i < 20; i++) throws(() => walk("82a2496e82a14101a142a178"), WireError);
  walk("9292040506");
  deepEqual(seen.slice(-3), [4, 5, 6]);
});

Deno.test("MsgpackReader reads within its bounds, tells offsets, and refuses bounds outside the buffer", () => {
  const reader = new MsgpackReader();
  const bytes = fromHex("ffffa161ffff");
  reader.reset(bytes, 2, 4);
  equal(reader.string(), "a");
  equal(reader.position, 4);
  throws(() => reader.uint(255), (error) => error instanceof WireError && error.offset === 4);
  throws(
    () => reader.reset(bytes, 2, 3).string(),
    (error) => error instanceof WireError && error.offset === 3,
  );
  throws(() => reader.reset(bytes, 0, 7), AssertionError);
  equal(toHex(reader.reset(bytes, 1, 5).raw(2)), "ffa1");
  equal(toHex(reader.rest()), "61ff");
  throws(() => reader.raw(1), WireError);
});

Deno.test("MsgpackReader.takeNil() consumes nil alone", () => {
  const reader = new MsgpackReader().reset(fromHex("c001"));
  equal(reader.isNil(), true);
  equal(reader.takeNil(), true);
  equal(reader.takeNil(), false);
  equal(reader.uint(1), 1);
  throws(() => reader.takeNil(), WireError);
});

Deno.test("MsgpackReader.passString() and passBytes() go where string() and bytes() go, and refuse what they refuse", () => {
  const values = [
    "a0",
    "a3616263",
    "da000161",
    "db0000000161",
    "d90161",
    "c0",
    "c40161",
    "c5000161",
    "93010203",
    "92c3c3",
    "05",
    "a5616263",
    "da00",
    "",
  ];
  for (const hex of values) {
    for (const [read, pass] of [["string", "passString"], ["bytes", "passBytes"]] as const) {
      const ends = [read, pass].map((method) => {
        const reader = new MsgpackReader().reset(fromHex(hex));
        try {
          reader[method as "string" | "passBytes"]();
          return reader.position;
        } catch (error) {
          return (error as Error).message;
        }
      });
      equal(ends[1], ends[0], `${pass} of ${hex}`);
    }
  }
});
