/** What the user configured cannot be used. */

/** The message is the whole line for the user, without the `==> ` before it. Nothing was started. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The message of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
