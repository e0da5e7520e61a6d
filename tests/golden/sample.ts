/** The captured and hand-made samples, and the JSON that they are described in. */
import vectors from "./vectors.json" with { type: "json" };

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** One sample of vectors.json. */
export interface Sample {
  readonly name: string;
  /** `udp`, `tcp-c2s` (dialer to acceptor) or `tcp-s2c`. */
  readonly transport: string;
  /** In hex, when it is encrypted. */
  readonly key?: string;
  readonly hex: string;
  readonly len: number;
  readonly decoded: JsonObject;
}

/** All samples. */
export const SAMPLES = vectors as unknown as readonly Sample[];

/** The bytes that `hex` writes. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes as the samples show them: printable ASCII as text, anything else as "hex:...", nil as null. */
export function showBytes(bytes: Uint8Array | null): Json {
  if (bytes === null) return null;
  if (bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)) return String.fromCharCode(...bytes);
  return `hex:${toHex(bytes)}`;
}

/** What a projector made of some bytes. */
export interface Projection {
  /** In the shape of a sample's `decoded`. */
  readonly json: JsonObject;
  /** Encoded again from the decoded values alone. */
  readonly bytes: Uint8Array;
}

/** Several byte strings as one. */
export function concat(...pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
