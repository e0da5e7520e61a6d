/** What the user configured cannot be used. */

import { AssertionError } from "../base/assert.ts";
import { errorText } from "../base/error_text.ts";

/** The message is the whole line for the user, without the `==> ` before it. Nothing was started. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * What the world did, as a line for the user.
 * @throws {Error} `error` itself when it is a bug of ours, which no configuration can help.
 */
export function explained(prefix: string, error: unknown): ConfigError {
  if (error instanceof AssertionError || error instanceof TypeError) throw error;
  return new ConfigError(prefix === "" ? errorText(error) : `${prefix}: ${errorText(error)}`, {
    cause: error,
  });
}
