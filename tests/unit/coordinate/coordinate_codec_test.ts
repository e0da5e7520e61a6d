import { deepEqual, equal, throws } from "../../support/assert.ts";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import type { Coordinate } from "../../../lib/coordinate/coordinate.ts";
import {
  decodeCoordinate,
  decodeCoordinatePayload,
  encodeCoordinateInto,
  encodeCoordinatePayloadInto,
} from "../../../lib/coordinate/coordinate_codec.ts";
import { MsgpackReader } from "../../../lib/wire/msgpack_reader.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";

const SAMPLE: Coordinate = {
  vec: [0.1, -0.2, 0.3, -0.4, 0.5, 0, 1e-9, 3],
  error: 1.25,
  adjustment: -0.001,
  height: 1e-5,
};

Deno.test("encodeCoordinatePayloadInto() gives 130 bytes: a version, and a map with sorted keys", () => {
  const writer = new MsgpackWriter();
  encodeCoordinatePayloadInto(writer, SAMPLE);
  const payload = writer.copy();
  equal(payload.length, 130);
  const { adjustment: Adjustment, error: Error, height: Height, vec: Vec } = SAMPLE;
  // The library writes whole numbers as integers; the engine writes every component as a float.
  const fractional = Vec.map((component) => Number.isInteger(component) ? component + 0.5 : component);
  const writerOfFractions = new MsgpackWriter();
  encodeCoordinateInto(writerOfFractions, { ...SAMPLE, vec: fractional });
  deepEqual(
    writerOfFractions.copy(),
    Uint8Array.from(encode({ Adjustment, Error, Height, Vec: fractional })),
  );
  deepEqual(decodeCoordinatePayload(new MsgpackReader(), payload), SAMPLE);
});

Deno.test("decodeCoordinate() gives back what was encoded", () => {
  const double = fc.double();
  const any = fc.record({ vec: fc.array(double), error: double, adjustment: double, height: double }, {
    noNullPrototype: true,
  });
  fc.assert(fc.property(any, (coordinate) => {
    const writer = new MsgpackWriter();
    encodeCoordinateInto(writer, coordinate);
    deepEqual(decodeCoordinate(new MsgpackReader().reset(writer.view())), coordinate);
  }));
});

Deno.test("decodeCoordinate() reads integers as floats, the array form, unknown keys and absent ones", () => {
  const read = (value: unknown) => decodeCoordinate(new MsgpackReader().reset(encode(value)));
  deepEqual(read({ Height: 2, Vec: [0, 1], Colour: "red" }), {
    vec: [0, 1],
    error: 0,
    adjustment: 0,
    height: 2,
  });
  deepEqual(read([[1.5], 2, 3, 4]), { vec: [1.5], error: 2, adjustment: 3, height: 4 });
  deepEqual(read(null), { vec: [], error: 0, adjustment: 0, height: 0 });
});

Deno.test("decodeCoordinatePayload() refuses emptiness, other versions and rubbish", () => {
  const reader = new MsgpackReader();
  const decode = (...bytes: number[]) => () => decodeCoordinatePayload(reader, Uint8Array.from(bytes));
  throws(decode(), { name: "WireError", message: /empty/ });
  throws(decode(2, 0xc0), { name: "WireError", message: /version: 2/ });
  throws(decode(1), { name: "WireError" });
  throws(decode(1, 0x81, 0xa3, 0x56, 0x65, 0x63, 0xdd, 0xff, 0xff, 0xff, 0xff), { name: "WireError" });
});

Deno.test("decodeCoordinatePayload() throws nothing but WireError, whatever the bytes", () => {
  const reader = new MsgpackReader();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      decodeCoordinatePayload(reader, bytes);
    } catch (error) {
      equal((error as Error).name, "WireError");
    }
  }));
});
