/**
 * Memberlist's messages: one type byte, then a MessagePack map whose keys come in ascending order.
 *
 * ```
 * 00 ping          {Node, SeqNo u32, SourceAddr?, SourceNode?, SourcePort u16?}            ? = left out when empty
 * 01 indirectPing  {Nack, Node, Port u16, SeqNo u32, SourceAddr?, SourceNode?, SourcePort?, Target}
 * 02 ackResp       {Payload bytes|nil, SeqNo u32}
 * 03 suspect       {From, Incarnation u32, Node}              05 dead: the same
 * 04 alive         {Addr, Incarnation u32, Meta, Node, Port u16, Vsn 6 bytes}
 * 09 compress      {Algo u8, Buf}
 * 0b nackResp      {SeqNo u32}
 * 0d err           {Error}
 * ```
 *
 * Every `encodeX` appends type byte and body to a writer. Every `decodeX` takes the body alone, without its type byte,
 * as `bytes[start, end)`, and fills a message object that the caller reuses; byte fields are views into `bytes`,
 * borrowed for as long as those last. What is missing or nil becomes 0, "", false or empty; what follows the value is
 * ignored; unknown keys are skipped. Source: protocol.md A.1 to A.3.
 */
export * from "./message_type.ts";
export * from "./probe_messages.ts";
export * from "./state_messages.ts";
export * from "./envelope_messages.ts";
export * from "./push_pull_messages.ts";
