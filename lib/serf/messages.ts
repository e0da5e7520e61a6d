/**
 * Serf's messages: one type byte, then a MessagePack map whose keys come in ascending order.
 *
 * ```
 * 00 leave          {LTime u64, Node, Prune bool}
 * 01 join           {LTime u64, Node}
 * 02 pushPull       {EventLTime, Events [nil | {Events: [{Name, Payload}], LTime}], LTime, LeftMembers, QueryLTime,
 *                    StatusLTimes {name: u64}}
 * 03 userEvent      {CC bool, LTime u64, Name, Payload bytes|nil}
 * 04 query          {Addr, Filters, Flags u32, ID u32, LTime u64, Name, Payload, Port u16, RelayFactor u8, SourceNode,
 *                    Timeout i64 ns}
 * 05 queryResponse  {Flags u32, From, ID u32, LTime u64, Payload bytes|nil}
 * 06 conflict       Member, or nil
 * 07 keyRequest     {Key}          08 keyResponse {Keys, Message, PrimaryKey, Result}
 * 09 relay          {DestAddr: {IP, Port, Zone}, DestName} and a whole Serf message
 * ```
 *
 * Every `encodeX` appends Serf type byte and body to a writer (put memberlist's user byte 8 in front yourself). Every
 * `decodeX` takes the body alone, without its type byte, as `bytes[start, end)`; byte fields of what it returns are
 * views into `bytes`, borrowed for as long as those last. What is missing or nil becomes 0, "", false, empty or null;
 * what follows the value is ignored; unknown keys are skipped. Lamport times above 2^53-1 are a WireError.
 * Source: protocol.md D.
 */
export * from "./message_type.ts";
export * from "./intent_messages.ts";
export * from "./event_messages.ts";
export * from "./query_messages.ts";
export * from "./relay_message.ts";
export * from "./key_messages.ts";
export * from "./conflict_message.ts";
export * from "./push_pull_messages.ts";
