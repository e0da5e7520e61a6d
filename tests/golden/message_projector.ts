/** Decodes memberlist messages into the shape of the samples, and encodes what was decoded. */
import {
  decodeCoordinatePayload,
  encodeCoordinatePayloadInto,
} from "../../lib/coordinate/coordinate_codec.ts";
import * as messages from "../../lib/memberlist/messages.ts";
import { decodeTags } from "../../lib/serf/tags.ts";
import { decodeCompound, encodeCompound } from "../../lib/wire/compound.ts";
import { lzwBoundBytes, lzwCompressInto, lzwDecompress } from "../../lib/wire/lzw.ts";
import { MsgpackReader } from "../../lib/wire/msgpack_reader.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";
import { type JsonObject, type Projection, showBytes, toHex } from "./sample.ts";
import { projectSerf } from "./serf_projector.ts";

const { MessageType } = messages;
const encoded = (write: (writer: MsgpackWriter) => void): Uint8Array => {
  const writer = new MsgpackWriter();
  write(writer);
  return writer.copy();
};

/** Projects a whole message, type byte first. @param isStream whether it came by TCP, where framing differs. */
export function projectMessage(message: Uint8Array, isStream: boolean): Projection {
  const end = message.length;
  switch (message[0]) {
    case MessageType.ping:
      return projectPing(message);
    case MessageType.indirectPing:
      return projectIndirectPing(message);
    case MessageType.ack:
      return projectAck(message);
    case MessageType.suspect:
    case MessageType.dead:
      return projectAccusation(message);
    case MessageType.alive:
      return projectAlive(message);
    case MessageType.pushPull:
      return projectPushPull(message);
    case MessageType.compound:
      return projectCompound(message);
    case MessageType.user:
      return isStream ? projectUserStream(message) : projectUser(message);
    case MessageType.compress:
      return projectCompressed(message, isStream);
    case MessageType.nack: {
      const seqNo = messages.decodeNack(message, 1, end);
      const bytes = encoded((writer) => messages.encodeNack(writer, seqNo));
      return { json: { type: "nackResp", v: { SeqNo: seqNo } }, bytes };
    }
    case MessageType.err: {
      const text = messages.decodeErr(message, 1, end);
      const bytes = encoded((writer) => messages.encodeErr(writer, text));
      return { json: { type: "err", v: { Error: text } }, bytes };
    }
    default:
      throw new Error(`no message begins with ${message[0]}`);
  }
}

function showSource(source: Readonly<messages.Ping | messages.IndirectPing>): JsonObject {
  const v: JsonObject = {};
  if (source.sourceAddr.length > 0) v["SourceAddr"] = showBytes(source.sourceAddr);
  if (source.sourceNode !== "") v["SourceNode"] = source.sourceNode;
  if (source.sourcePort !== 0) v["SourcePort"] = source.sourcePort;
  return v;
}

function projectPing(message: Uint8Array): Projection {
  const ping = messages.createPing();
  messages.decodePing(message, 1, message.length, ping);
  return {
    json: { type: "ping", v: { Node: ping.node, SeqNo: ping.seqNo, ...showSource(ping) } },
    bytes: encoded((writer) => messages.encodePing(writer, ping)),
  };
}

function projectIndirectPing(message: Uint8Array): Projection {
  const ping = messages.createIndirectPing();
  messages.decodeIndirectPing(message, 1, message.length, ping);
  const { nack, node, port, seqNo, target } = ping;
  const v = {
    Nack: nack,
    Node: node,
    Port: port,
    SeqNo: seqNo,
    ...showSource(ping),
    Target: showBytes(target),
  };
  return {
    json: { type: "indirectPing", v },
    bytes: encoded((writer) => messages.encodeIndirectPing(writer, ping)),
  };
}

function projectAck(message: Uint8Array): Projection {
  const ack = messages.createAck();
  messages.decodeAck(message, 1, message.length, ack);
  const json: JsonObject = { type: "ackResp", v: { Payload: showBytes(ack.payload), SeqNo: ack.seqNo } };
  let payload = ack.payload;
  if (payload !== null) {
    const coordinate = decodeCoordinatePayload(new MsgpackReader(), payload);
    json["coord"] = {
      version: payload[0]!,
      v: {
        Adjustment: coordinate.adjustment,
        Error: coordinate.error,
        Height: coordinate.height,
        Vec: [...coordinate.vec],
      },
    };
    payload = encoded((writer) => encodeCoordinatePayloadInto(writer, coordinate));
  }
  return { json, bytes: encoded((writer) => messages.encodeAck(writer, ack.seqNo, payload)) };
}

function projectAccusation(message: Uint8Array): Projection {
  const accusation = messages.createAccusation();
  messages.decodeSuspect(message, 1, message.length, accusation);
  const { from, incarnation, node } = accusation;
  const isSuspect = message[0] === MessageType.suspect;
  const encode = isSuspect ? messages.encodeSuspect : messages.encodeDead;
  return {
    json: { type: isSuspect ? "suspect" : "dead", v: { From: from, Incarnation: incarnation, Node: node } },
    bytes: encoded((writer) => encode(writer, incarnation, node, from)),
  };
}

function projectAlive(message: Uint8Array): Projection {
  const alive = messages.createAlive();
  messages.decodeAlive(message, 1, message.length, alive);
  const tags = Object.fromEntries(decodeTags(alive.meta));
  return {
    json: {
      type: "alive",
      v: {
        Addr: showBytes(alive.addr),
        Incarnation: alive.incarnation,
        Meta: showBytes(alive.meta),
        Node: alive.node,
        Port: alive.port,
        Vsn: showBytes(alive.vsn),
      },
      meta: alive.meta[0] === 0xff ? { tags } : tags,
    },
    bytes: encoded((writer) => messages.encodeAlive(writer, alive)),
  };
}

function projectPushPull(message: Uint8Array): Projection {
  const pushPull = new messages.PushPullMessage(message);
  const nodes: JsonObject[] = [];
  const state = projectSerf(pushPull.userState);
  const header = { join: pushPull.join, nodes: pushPull.nodeCount, userStateLen: state.bytes.length };
  const bytes = encoded((writer) => {
    messages.encodePushPullHeader(writer, header);
    pushPull.forEachNode((node) => {
      nodes.push({
        Addr: showBytes(node.addr),
        Incarnation: node.incarnation,
        Meta: showBytes(node.meta),
        Name: node.name,
        Port: node.port,
        State: node.state,
        Vsn: showBytes(node.vsn),
      });
      messages.encodePushPullNode(writer, node);
    });
    writer.raw(state.bytes);
  });
  const shown = { Join: pushPull.join, Nodes: pushPull.nodeCount, UserStateLen: pushPull.userState.length };
  return { json: { type: "pushPull", header: shown, nodes, userState: state.json }, bytes };
}

function projectCompound(message: Uint8Array): Projection {
  const parts: Projection[] = [];
  const lengths: number[] = [];
  const truncated = decodeCompound(message, 1, message.length, (start, end) => {
    lengths.push(end - start);
    parts.push(projectMessage(message.subarray(start, end), false));
  });
  if (truncated > 0) throw new Error(`${truncated} parts are cut off`);
  return {
    json: { type: "compound", n: parts.length, lengths, parts: parts.map((part) => part.json) },
    bytes: encoded((writer) => encodeCompound(writer, parts.map((part) => part.bytes))),
  };
}

function projectUser(message: Uint8Array): Projection {
  const inner = projectSerf(message.subarray(1));
  return {
    json: { type: "user", inner: inner.json },
    bytes: encoded((writer) => writer.byte(MessageType.user).raw(inner.bytes)),
  };
}

function projectUserStream(message: Uint8Array): Projection {
  const inner = projectSerf(messages.decodeUserStream(message));
  return {
    json: { type: "user", header: { UserMsgLen: inner.bytes.length }, inner: inner.json },
    bytes: encoded((writer) => {
      messages.encodeUserHeader(writer, inner.bytes.length);
      writer.raw(inner.bytes);
    }),
  };
}

function projectCompressed(message: Uint8Array, isStream: boolean): Projection {
  const compressed = messages.createCompressed();
  messages.decodeCompressed(message, 1, message.length, compressed);
  const plain = lzwDecompress(compressed.buf, 0, compressed.buf.length, 65_536);
  const inner = projectMessage(plain, isStream);
  const length = isStream ? {} : { buf_len: compressed.buf.length };
  return {
    json: { type: "compress", Algo: compressed.algo, ...length, plain_hex: toHex(plain), inner: inner.json },
    bytes: wrapCompressed(inner.bytes),
  };
}

/** A compress message around `plain`, whether that makes it shorter or not. */
export function wrapCompressed(plain: Uint8Array): Uint8Array {
  const target = new Uint8Array(lzwBoundBytes(plain.length));
  const length = lzwCompressInto(plain, 0, plain.length, target, 0);
  return encoded((writer) => messages.encodeCompressed(writer, target.subarray(0, length)));
}
