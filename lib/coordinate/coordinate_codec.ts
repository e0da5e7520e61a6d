/**
 * A coordinate on the wire, and in the payload of an ack.
 *
 * ```
 * ack payload   01 (version) | coordinate
 * coordinate    84 "Adjustment" f64, "Error" f64, "Height" f64, "Vec" [f64 ...]
 * ```
 * protocol.md D.12; 130 bytes of payload with 8 dimensions.
 */
import { WireError } from "../base/errors.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import type { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { StructFields } from "../wire/struct_fields.ts";
import { type Coordinate, createCoordinate, type MutableCoordinate } from "./coordinate.ts";

/** The version byte that begins an ack's payload. */
export const COORDINATE_PAYLOAD_VERSION = 1;

// In the order of declaration, which is that of the array form.
const FIELDS = new StructFields("Vec", "Error", "Adjustment", "Height");

/** Appends a coordinate. */
export function encodeCoordinateInto(writer: MsgpackWriter, coordinate: Coordinate): void {
  writer.mapHeader(4);
  writer.string("Adjustment").float64(coordinate.adjustment);
  writer.string("Error").float64(coordinate.error);
  writer.string("Height").float64(coordinate.height);
  writer.string("Vec").arrayHeader(coordinate.vec.length);
  for (const component of coordinate.vec) writer.float64(component);
}

/**
 * Reads a coordinate. Dimension and finiteness are not looked at: whoever uses it must ({@linkcode CoordinateClient}
 * does).
 * @param into written and returned.
 * @throws {WireError} when it is none; `into` is then half filled.
 */
export function decodeCoordinate(reader: MsgpackReader, into = createCoordinate()): MutableCoordinate {
  let dimensions = 0;
  into.error = 0;
  into.adjustment = 0;
  into.height = 0;
  reader.beginStruct(FIELDS);
  for (let field = reader.nextField(); field >= 0; field = reader.nextField()) {
    if (field === 0) dimensions = readVectorInto(reader, into.vec);
    else if (field === 1) into.error = reader.float();
    else if (field === 2) into.adjustment = reader.float();
    else into.height = reader.float();
  }
  into.vec.length = dimensions;
  return into;
}

/** Appends the payload of an ack: the version byte and the coordinate. */
export function encodeCoordinatePayloadInto(writer: MsgpackWriter, coordinate: Coordinate): void {
  writer.byte(COORDINATE_PAYLOAD_VERSION);
  encodeCoordinateInto(writer, coordinate);
}

/**
 * Reads the payload of an ack.
 * @param into as for {@linkcode decodeCoordinate}.
 * @throws {WireError} for an empty payload, another version (then with offset 0), or when it holds no coordinate.
 */
export function decodeCoordinatePayload(
  reader: MsgpackReader,
  payload: Uint8Array,
  into?: MutableCoordinate,
): MutableCoordinate {
  if (payload.length === 0) throw new WireError("the payload is empty", 0);
  const version = payload[0]!;
  if (version !== COORDINATE_PAYLOAD_VERSION) {
    throw new WireError(`unsupported ping version: ${version}`, 0);
  }
  return decodeCoordinate(reader.reset(payload, 1), into);
}

/** @returns how many components were read; what else `vec` has is left over. */
function readVectorInto(reader: MsgpackReader, vec: number[]): number {
  // Bounded: the reader admits no more entries than bytes remain.
  const count = reader.arrayHeader();
  for (let i = 0; i < count; i++) vec[i] = reader.float();
  return count;
}
