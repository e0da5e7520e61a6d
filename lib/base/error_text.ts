/** What is said of a failure, whatever was thrown. */

/** The message of whatever was thrown. Never "", which would mean success over RPC. */
export function errorText(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text === "" ? "unknown error" : text;
}
