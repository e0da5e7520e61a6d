/** The numbers of Serf's message types: the first byte of what memberlist carries as a user message. protocol.md D. */

/** `conflictResponse`, `keyRequest` and `keyResponse` occur only as payloads of queries and their responses. */
export const SerfMessageType = {
  leave: 0,
  join: 1,
  pushPull: 2,
  userEvent: 3,
  query: 4,
  queryResponse: 5,
  conflictResponse: 6,
  keyRequest: 7,
  keyResponse: 8,
  relay: 9,
} as const;
/** One of the values of {@linkcode SerfMessageType}. */
export type SerfMessageType = typeof SerfMessageType[keyof typeof SerfMessageType];
