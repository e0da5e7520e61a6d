/** A ping over TCP: when UDP is lost on the way, the node may still be there. protocol.md B, C.10. */
import type { Address } from "../base/address.ts";
import { type TransportError, WireError } from "../base/errors.ts";
import { type ExchangeSink, type FrameReader, LogLevel } from "../base/ports.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { Engine } from "./engine.ts";
import { createAck, decodeAck, encodePing, MessageType, type Ping } from "./messages.ts";
import type { StreamFrames } from "./stream_frames.ts";

// Encoding is synchronous and never re-entered: one writer serves all.
const writer = new MsgpackWriter(128);

/** One ping. Whoever made it looks at {@linkcode isAnswered} when the time has come. */
export class StreamPing implements ExchangeSink {
  readonly #engine: Engine;
  readonly #frames: StreamFrames;
  readonly #seqNo: number;
  readonly #request: Uint8Array;
  readonly #onRefused: (() => void) | undefined;
  #to: Address | undefined;
  #isAnswered = false;

  /**
   * @param ping the one that got no answer over UDP; encoded at once.
   * @param onRefused told when the far host says that nobody listens there; undefined for a call that is made to find
   *   out who does, and whose failure is no news at all.
   */
  constructor(engine: Engine, frames: StreamFrames, ping: Readonly<Ping>, onRefused?: () => void) {
    writer.reset();
    encodePing(writer, ping);
    this.#engine = engine;
    this.#frames = frames;
    this.#seqNo = ping.seqNo;
    this.#onRefused = onRefused;
    this.#request = frames.encode(writer.view(), "request");
  }

  /** Whether the right ack has come. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Sends it. */
  open(to: Address, timeoutMs: number): void {
    this.#to = to;
    this.#engine.transport.openExchange(to, this.#request, timeoutMs, this);
  }

  newFrameReader(): FrameReader {
    return this.#frames.newFrameReader("reply");
  }

  onReply(reply: Uint8Array | null): void {
    this.#engine.metrics.counter("memberlist.tcp.sent", this.#request.length);
    if (reply === null) {
      this.#report("EOF");
      return;
    }
    try {
      this.#check(this.#frames.decode(reply, "reply"));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#report(error.message);
    }
  }

  onError(error: TransportError): void {
    this.#report(error.message);
    if (error.kind === "refused") this.#onRefused?.();
  }

  #check(message: Uint8Array): void {
    if (message[0] !== MessageType.ack) {
      throw new WireError(`Unexpected msgType (${message[0]}) from ping`);
    }
    const ack = createAck();
    decodeAck(message, 1, message.length, ack);
    if (ack.seqNo !== this.#seqNo) {
      throw new WireError(`Sequence number from ack (${ack.seqNo}) doesn't match ping (${this.#seqNo})`);
    }
    this.#isAnswered = true;
    this.#engine.listeners.onAnswered(this.#to!);
  }

  #report(text: string): void {
    if (this.#onRefused === undefined) return;
    this.#engine.logger.log(LogLevel.error, `memberlist: Failed fallback TCP ping: ${text}`);
  }
}
