/** Inbound streams: one request, at most one reply. protocol.md B. */
import type { Address } from "../base/address.ts";
import { type TransportError, WireError } from "../base/errors.ts";
import { LogLevel } from "../base/ports.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { Engine } from "./engine.ts";
import { createPing, decodePing, decodeUserStream, encodeAck, MessageType } from "./messages.ts";
import type { PushPull } from "./push_pull.ts";
import { type StreamFrames, StreamUnwrapError } from "./stream_frames.ts";

/** What the log says before the reason why a message of this type failed. */
const FAILURES: ReadonlyMap<number, string> = new Map([
  [MessageType.ping, "Failed to decode ping: "],
  [MessageType.pushPull, "Failed to read remote state: "],
  [MessageType.user, "Failed to receive user message: "],
]);

/** Unwraps requests, and answers or dispatches them. What breaks the rules is counted, logged and closed. */
export class StreamServer {
  readonly #engine: Engine;
  readonly #frames: StreamFrames;
  readonly #pushPull: PushPull;
  readonly #writer = new MsgpackWriter();
  readonly #ping = createPing();

  constructor(engine: Engine, frames: StreamFrames, pushPull: PushPull) {
    this.#engine = engine;
    this.#frames = frames;
    this.#pushPull = pushPull;
  }

  /** @param request a whole request, borrowed. @returns the reply, or null to close without one. */
  onExchange(from: Address, request: Uint8Array): Uint8Array | null {
    const { counters, metrics, strangers } = this.#engine;
    metrics.counter("memberlist.tcp.accept", 1);
    if (strangers.admits(LogLevel.debug)) {
      strangers.log(LogLevel.debug, `memberlist: Stream connection from=${from}`);
    }
    let what = "failed to receive: ";
    try {
      const message = this.#frames.decode(request, "request");
      what = FAILURES.get(message[0]!) ?? "";
      const reply = this.#dispatch(from, message);
      counters.streamsServed++;
      if (reply !== null) metrics.counter("memberlist.tcp.sent", reply.length);
      return reply;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#onFailed(from, what + error.message);
      // Only a peer whose wrapping we could not undo is told why.
      return error instanceof StreamUnwrapError ? this.#frames.encodeErr(error.message) : null;
    }
  }

  /** A stream ended before its request was complete. */
  onExchangeFailed(from: Address, received: number, error: TransportError): void {
    this.#engine.metrics.counter("memberlist.tcp.accept", 1);
    // A connection that is opened and closed is how people look whether a port is open.
    if (received > 0) this.#onFailed(from, `failed to receive: ${error.message}`);
  }

  /** @throws {WireError} when the message is malformed, or of a type that does not begin a stream. */
  #dispatch(from: Address, message: Uint8Array): Uint8Array | null {
    switch (message[0]) {
      case MessageType.ping:
        return this.#onPing(from, message);
      case MessageType.pushPull:
        return this.#pushPull.serve(from, message);
      case MessageType.user:
        this.#engine.delegate.onUserMessage(decodeUserStream(message));
        return null;
      default:
        throw new WireError(`Received invalid msgType (${message[0]})`);
    }
  }

  #onPing(from: Address, message: Uint8Array): Uint8Array | null {
    const { local, counters, strangers } = this.#engine;
    const ping = this.#ping;
    decodePing(message, 1, message.length, ping);
    if (ping.node !== "" && ping.node !== local.name) {
      counters.strayPings++;
      strangers.log(LogLevel.warn, `memberlist: Got ping for unexpected node ${ping.node} from=${from}`);
      return null;
    }
    this.#writer.reset();
    encodeAck(this.#writer, ping.seqNo, null);
    return this.#frames.encode(this.#writer.view(), "reply");
  }

  #onFailed(from: Address, text: string): void {
    const { counters, strangers } = this.#engine;
    counters.streamsFailed++;
    strangers.log(LogLevel.error, `memberlist: ${text} from=${from}`);
  }
}
