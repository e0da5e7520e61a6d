/** Errors of the RPC protocol: the words that the protocol fixes, and the exception that carries them. */

/** A request failed. `message` is the protocol's own string, or the cause in the agent's words. */
export class RpcError extends Error {
  override readonly name = "RpcError";
}

/** The error strings that clients know (surface.md 3.2). */
export const RpcErrorText = {
  handshakeRequired: "Handshake required",
  unsupportedVersion: "Unsupported IPC version",
  handshakeRepeated: "Handshake already performed",
  authRequired: "Authentication required",
  invalidToken: "Invalid authentication token",
  unsupportedCommand: "Unsupported command",
  invalidFilter: "Invalid event filter",
  streamExists: "Stream with given sequence exists",
  monitorExists: "Monitor already exists",
  noSuchQuery: "No pending queries matching ID",
} as const;

/**
 * Whether a reply with this error comes without the body that its command would otherwise have: the server says these
 * before it looks at the command. Every other failed command still sends its body (zero values).
 */
export function isBodiless(error: string): boolean {
  return error === RpcErrorText.authRequired || error === RpcErrorText.handshakeRequired ||
    error === RpcErrorText.unsupportedCommand;
}
