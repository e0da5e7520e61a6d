/** One client's whole conversation with a session, in memory. */
import { RpcContext } from "../../../lib/rpc/rpc_context.ts";
import { COMMANDS } from "../../../lib/rpc/rpc_handlers.ts";
import { RpcSession } from "../../../lib/rpc/rpc_session.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { encodeAuth, encodeHandshake, encodeRequestHeader, type Seq } from "../../../lib/rpc/messages.ts";
import { FakeBackend, FakeClock } from "./fake_backend.ts";
import { FakeConnection } from "./fake_stream.ts";

/** A session and everything around it. */
export class Conversation {
  readonly backend: FakeBackend;
  readonly clock = new FakeClock();
  readonly context: RpcContext;
  readonly session: RpcSession;
  readonly connection = new FakeConnection();
  readonly ended: Promise<void>;

  /** @param context that of another conversation, for two clients of one server. */
  constructor(authKey = "", backend = new FakeBackend(), context?: RpcContext) {
    this.backend = backend;
    this.context = context ?? new RpcContext(backend, this.clock, authKey);
    this.session = new RpcSession(this.context, COMMANDS, this.connection);
    this.ended = this.session.run();
  }

  /** Sends requests, and says what came back when all that can happen at once has happened. */
  async say(...requests: Uint8Array[]): Promise<Uint8Array> {
    for (const request of requests) this.connection.send(request);
    await settle();
    return this.connection.fetched();
  }

  /** Ends the client's side and waits for the session to end. */
  async hangUp(): Promise<Uint8Array> {
    this.connection.end();
    await this.ended;
    return this.connection.fetched();
  }

  /** A conversation after the handshake. */
  static async begun(
    authKey = "",
    backend = new FakeBackend(),
    context?: RpcContext,
  ): Promise<Conversation> {
    const conversation = new Conversation(authKey, backend, context);
    await conversation.say(HANDSHAKE);
    return conversation;
  }
}

/** Lets everything run that waits for nothing but its turn: a timer comes after all microtasks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A request as its client encodes it. */
export function request(command: string, seq: Seq, body?: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter(64, "new");
  encodeRequestHeader(writer, command, seq);
  body?.(writer);
  return writer.copy();
}

/** What `write` writes. */
export function encoded(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter(64, "new");
  write(writer);
  return writer.copy();
}

export const HANDSHAKE = request("handshake", 1, (writer) => encodeHandshake(writer, 1));

export function authRequest(seq: Seq, key: string): Uint8Array {
  return request("auth", seq, (writer) => encodeAuth(writer, key));
}
