import { equal, throws } from "../../support/assert.ts";
import { OptionError, WireError } from "../../../lib/base/errors.ts";
import { Label, labelHeaderBytes } from "../../../lib/wire/label.ts";
import { fromHex, toHex } from "../../golden/sample.ts";

const strip = (label: string, hex: string) => {
  const bytes = fromHex(hex);
  return new Label(label).strip(bytes, 0, bytes.length);
};

Deno.test("Label.header is f4, length, label; none has none", () => {
  equal(toHex(new Label("foo").header), "f403666f6f");
  equal(toHex(new Label("foo").bytes), "666f6f");
  equal(new Label("").header.length, 0);
  equal(new Label("x".repeat(255)).header.length, 257);
  throws(() => new Label("x".repeat(256)), OptionError);
  throws(() => new Label("\u00e9".repeat(128)), OptionError);
});

Deno.test("Label.strip() passes the own label and nothing else", () => {
  equal(strip("foo", "f403666f6f0080"), 5);
  equal(strip("", "0080"), 0);
  equal(strip("", ""), 0);
  const longest = "x".repeat(255);
  equal(strip(longest, toHex(new Label(longest).header)), 257);
  equal(new Label("foo").strip(fromHex("0000f403666f6f00"), 2, 8), 7);
  // What lies behind the end is not looked at.
  equal(new Label("").strip(fromHex("f403666f6f"), 0, 0), 0);
  const refused = [["foo", "0080"], ["foo", "f403666f70"], ["foo", "f404666f6f6f"], ["", "f403666f6f"], [
    "foo",
    "",
  ]];
  for (const [label, hex] of refused) throws(() => strip(label!, hex!), WireError, `${label} ${hex}`);
});

Deno.test("Label.strip() refuses an empty label and one that is cut off", () => {
  for (const label of ["", "foo"]) {
    for (const hex of ["f4", "f400", "f4000080", "f403", "f403666f"]) {
      throws(() => strip(label, hex), WireError);
    }
    throws(() => strip(label, "f403666f"), { message: "label header is cut off" });
  }
});

Deno.test("labelHeaderBytes() says -1 until the header is there", () => {
  const bytes = fromHex("f403666f6f00");
  for (let end = 1; end < 5; end++) equal(labelHeaderBytes(bytes, 0, end), -1);
  equal(labelHeaderBytes(bytes, 0, 5), 5);
  equal(labelHeaderBytes(bytes, 0, 6), 5);
});
