/** What the commands about user events, queries and keys do. As in rpc_handlers.ts: decode whole, ask, then encode. */
import { errorText } from "../base/error_text.ts";
import type { KeyResult } from "../serf/key_manager.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import * as keyMessages from "./key_messages.ts";
import type { Seq } from "./messages.ts";
import * as messages from "./query_messages.ts";
import { QueryStream } from "./query_stream.ts";
import { RpcErrorText } from "./rpc_error.ts";
import type { RpcSession } from "./rpc_session.ts";

/** Queries of one connection that run at a time. HashiCorp's agents have no bound. */
const QUERIES_MAX = 512;

/** The verb `event`. */
export function event(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const { name, payload, coalesce } = messages.decodeEvent(body);
  session.reply(seq, attempt(() => session.context.backend.userEvent(name, payload, coalesce)));
}

/** The verb `query`. */
export function query(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const { name, payload, ...params } = messages.decodeQuery(body);
  session.reply(
    seq,
    attempt(() => {
      if (session.queries.size >= QUERIES_MAX) throw new Error(`More than ${QUERIES_MAX} queries`);
      const stream = new QueryStream(seq, session.outbox, (ended) => session.queries.delete(ended));
      // Nothing of it goes out before this reply: see Outbox.compose().
      stream.begin(session.context.backend.query(name, payload.slice(), params, stream));
      session.queries.add(stream);
    }),
  );
}

/** The verb `respond`. */
export function respond(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const { id, payload } = messages.decodeRespond(body);
  const pending = session.pendingQueries.get(id);
  if (pending === undefined) return void session.reply(seq, RpcErrorText.noSuchQuery);
  const error = attempt(() => pending.respond(payload));
  // The prefix is Serf's own, and is there whatever the query is about.
  session.reply(seq, error === "" ? "" : `failed to respond to key query: ${error}`);
}

/** The verb `install-key`. */
export function installKey(session: RpcSession, seq: Seq, body: MsgpackReader): Promise<void> {
  return changeKey(session, seq, body, (key, done) => session.context.backend.keys.install(key, done));
}

/** The verb `use-key`. */
export function useKey(session: RpcSession, seq: Seq, body: MsgpackReader): Promise<void> {
  return changeKey(session, seq, body, (key, done) => session.context.backend.keys.use(key, done));
}

/** The verb `remove-key`. */
export function removeKey(session: RpcSession, seq: Seq, body: MsgpackReader): Promise<void> {
  return changeKey(session, seq, body, (key, done) => session.context.backend.keys.remove(key, done));
}

/** The verb `list-keys`. */
export function listKeys(session: RpcSession, seq: Seq): Promise<void> {
  return replyKeys(session, seq, true, (done) => session.context.backend.keys.list(done));
}

type KeyDone = (result: KeyResult) => void;

function changeKey(
  session: RpcSession,
  seq: Seq,
  body: MsgpackReader,
  change: (key: string, done: KeyDone) => void,
): Promise<void> {
  const key = keyMessages.decodeKey(body);
  return replyKeys(session, seq, false, (done) => change(key, done));
}

/** The reply has its body whatever happens. */
async function replyKeys(
  session: RpcSession,
  seq: Seq,
  isListing: boolean,
  ask: (done: KeyDone) => void,
): Promise<void> {
  let result: KeyResult;
  try {
    result = await new Promise<KeyResult>(ask);
  } catch (cause) {
    result = { ...NOBODY, error: errorText(cause) };
  }
  session.resume(() => keyMessages.encodeKeyReply(session.reply(seq, result.error), result, isListing));
}

const NOBODY: Omit<KeyResult, "error"> = {
  messages: new Map(),
  keys: new Map(),
  nodeCount: 0,
  errorCount: 0,
  responseCount: 0,
};

/** Does it. @returns the error's text; "" for success. */
function attempt(work: () => void): string {
  try {
    work();
    return "";
  } catch (cause) {
    return errorText(cause);
  }
}
