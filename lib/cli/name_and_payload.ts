/** The arguments of `event` and `query`: a name, and perhaps a payload. */
import { encodeText } from "../base/byte_text.ts";
import { UsageFailure } from "./command.ts";

/** @param what `event` or `query`, for the message. @throws {UsageFailure} when there are none or too many. */
export function nameAndPayload(rest: readonly string[], what: string): { name: string; payload: Uint8Array } {
  const [name, payload = ""] = rest;
  if (name === undefined) {
    throw new UsageFailure(`${what === "event" ? "An" : "A"} ${what} name must be specified.`);
  }
  if (rest.length > 2) {
    throw new UsageFailure("Too many command line arguments. Only a name and payload must be specified.");
  }
  return { name, payload: encodeText(payload) };
}
