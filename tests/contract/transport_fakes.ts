/** The sinks with which the transport's contract is tested, and their trivial framing. */
import type { Address } from "../../lib/base/address.ts";
import type { TransportError } from "../../lib/base/errors.ts";
import type { ExchangeSink, FrameReader, TransportSink } from "../../lib/base/ports.ts";

/** Four bytes of big-endian length, then that many bytes. */
export function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, 4);
  return frame;
}

class LengthReader implements FrameReader {
  constructor(readonly scannedLengths: number[]) {}

  scan(bytes: Uint8Array, length: number): number {
    this.scannedLengths.push(length);
    if (length < 4) return 0;
    const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    return length >= end ? end : 0;
  }
}

/** Records all that a transport delivers; what it keeps it copies. */
export class ContractSink implements TransportSink {
  readonly packets: { from: string; bytes: Uint8Array }[] = [];
  /** Payloads, without their frame. */
  readonly requests: Uint8Array[] = [];
  /** Bytes received of each request that failed. */
  readonly failures: number[] = [];
  readonly scannedLengths: number[] = [];
  exchangeFrom = "";
  /** Makes the whole reply, frame included, of a request's payload. */
  answer: (payload: Uint8Array) => Uint8Array | null = () => null;

  onPacket(from: Address, bytes: Uint8Array): void {
    this.packets.push({ from: from.toString(), bytes: bytes.slice() });
  }

  newFrameReader(): FrameReader {
    this.scannedLengths.length = 0;
    return new LengthReader(this.scannedLengths);
  }

  onExchange(from: Address, request: Uint8Array): Uint8Array | null {
    this.exchangeFrom = from.host;
    const payload = request.slice(4);
    this.requests.push(payload);
    return this.answer(payload);
  }

  onExchangeFailed(_from: Address, received: number, _error: TransportError): void {
    this.failures.push(received);
  }
}

/** Records the outcome of one exchange. */
export class Outcome implements ExchangeSink {
  readonly scannedLengths: number[] = [];
  /** How many results came: must end as 1. */
  count = 0;
  reply: Uint8Array | null | undefined = undefined;
  error: TransportError | undefined = undefined;

  constructor(readonly expectsReply = true) {}

  newFrameReader(): FrameReader | null {
    return this.expectsReply ? new LengthReader(this.scannedLengths) : null;
  }

  onReply(reply: Uint8Array | null): void {
    this.count++;
    this.reply = reply === null ? null : reply.slice();
  }

  onError(error: TransportError): void {
    this.count++;
    this.error = error;
  }
}
