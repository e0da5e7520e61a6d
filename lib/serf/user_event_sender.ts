/** User events of our own. protocol.md D.4, surface.md 6.2. */
import { isTextWithin } from "../base/byte_text.ts";
import { SizeLimitError } from "../base/errors.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import type { Broadcasts } from "./broadcasts.ts";
import { encodeUserEvent } from "./event_messages.ts";
import type { UserEvent } from "./events.ts";
import type { LamportClock } from "./lamport_clock.ts";
import type { UserEvents } from "./user_events.ts";

/** What the sender works with. */
export interface UserEventSenderContext {
  readonly eventClock: LamportClock;
  readonly userEvents: UserEvents;
  readonly broadcasts: Broadcasts;
  /** The most bytes of an event; receivers do not check it. */
  readonly bytesMax: number;
  onUserEvent(event: UserEvent): void;
}

/** Stamps an event, tells ourselves, and gossips it. */
export class UserEventSender {
  readonly #context: UserEventSenderContext;
  readonly #writer = new MsgpackWriter(1024);

  constructor(context: UserEventSenderContext) {
    this.#context = context;
  }

  /** @param payload borrowed. @throws {SizeLimitError} when it is too long. {@throws StateError} as LamportClock.stamp. Nobody hears of it then. */
  send(name: string, payload: Uint8Array, coalesce: boolean): void {
    const { eventClock, userEvents, broadcasts, bytesMax } = this.#context;
    // Before it is encoded, so that a huge one costs nothing; the encoding adds some forty bytes.
    if (!isTextWithin(name, bytesMax - payload.length)) {
      throw new SizeLimitError(`user event exceeds configured limit of ${bytesMax} bytes before encoding`);
    }
    const lTime = eventClock.stamp;
    const content = payload.length === 0 ? null : payload;
    this.#writer.reset();
    encodeUserEvent(this.#writer, { lTime, name, payload: content, coalesce });
    if (this.#writer.length > bytesMax) {
      throw new SizeLimitError(
        `encoded user event exceeds configured limit of ${bytesMax} bytes after encoding`,
      );
    }
    eventClock.increment();
    userEvents.record(lTime, name, content);
    broadcasts.queue("event", this.#writer.view());
    this.#context.onUserEvent({ type: "user", lTime, name, payload: userEvents.copy(content), coalesce });
  }
}
