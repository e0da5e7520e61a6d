/**
 * What each command does. A handler first decodes its request whole, then asks the agent, and only then encodes: so a
 * malformed request changes nothing, and a reply is never interrupted by a record. Events, queries and keys:
 * query_handlers.ts.
 */
import { errorText } from "../base/error_text.ts";
import { parseEventFilters } from "../agent/event_filter.ts";
import { parseLogLevel } from "../agent/log_format.ts";
import type { Member } from "../serf/member.ts";
import type { MsgpackReader } from "../wire/msgpack_reader.ts";
import { EventStream } from "./event_stream.ts";
import { LogStream } from "./log_stream.ts";
import { MemberFilter } from "./member_filter.ts";
import * as messages from "./messages.ts";
import type { MembersFilter, Seq } from "./messages.ts";
import * as queries from "./query_handlers.ts";
import * as replies from "./replies.ts";
import { RpcErrorText } from "./rpc_error.ts";
import type { Command, Handler, RpcSession } from "./rpc_session.ts";

/** Streams of one connection. HashiCorp's agents have no bound. */
const STREAMS_MAX = 1024;
/** Addresses of one `join`. Each costs a connection attempt, and a line of the error text. */
const JOIN_ADDRESSES_MAX = 1024;

const BODY = true;
const NO_BODY = false;

/** By the name on the wire. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["handshake", command(BODY, handshake)],
  ["auth", command(BODY, auth)],
  ["members", command(NO_BODY, members)],
  ["members-filtered", command(BODY, membersFiltered)],
  ["join", command(BODY, join)],
  ["leave", command(NO_BODY, leave)],
  ["force-leave", command(BODY, forceLeave)],
  ["tags", command(BODY, tags)],
  ["stats", command(NO_BODY, stats)],
  ["get-coordinate", command(BODY, getCoordinate)],
  ["stream", command(BODY, stream)],
  ["monitor", command(BODY, monitor)],
  ["stop", command(BODY, stop)],
  ["event", command(BODY, queries.event)],
  ["query", command(BODY, queries.query)],
  ["respond", command(BODY, queries.respond)],
  ["install-key", command(BODY, queries.installKey)],
  ["use-key", command(BODY, queries.useKey)],
  ["remove-key", command(BODY, queries.removeKey)],
  ["list-keys", command(NO_BODY, queries.listKeys)],
]);

function command(hasBody: boolean, handle: Handler): Command {
  return { hasBody, handle };
}

function handshake(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const version = messages.decodeHandshake(body);
  if (version !== messages.RPC_VERSION) session.reply(seq, RpcErrorText.unsupportedVersion);
  else if (session.hasShakenHands) session.reply(seq, RpcErrorText.handshakeRepeated);
  else {
    session.onHandshake();
    session.reply(seq, "");
  }
}

function auth(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const key = messages.decodeAuth(body);
  if (key !== session.context.authKey) session.reply(seq, RpcErrorText.invalidToken);
  else {
    session.onAuthenticated();
    session.reply(seq, "");
  }
}

function members(session: RpcSession, seq: Seq): void {
  replyMembers(session, seq, "", session.context.backend.members());
}

function membersFiltered(session: RpcSession, seq: Seq, body: MsgpackReader): void | Promise<void> {
  const request = messages.decodeMembersFilter(body);
  if (MemberFilter.isReadyFor(request)) return replyFiltered(session, seq, request);
  return MemberFilter.load().then(() => session.resume(() => replyFiltered(session, seq, request)));
}

/**
 * A bad expression is reported like any failure. HashiCorp's agents close the connection instead, which tells the user
 * nothing; their command-line tool shows our text.
 */
function replyFiltered(session: RpcSession, seq: Seq, request: MembersFilter): void {
  let accepted: readonly Member[] = [];
  let error = "";
  try {
    const filter = new MemberFilter(request);
    accepted = session.context.backend.members().filter((member) => filter.accepts(member));
  } catch (cause) {
    error = errorText(cause);
    session.context.log.badRequest(error);
  }
  replyMembers(session, seq, error, accepted);
}

function replyMembers(session: RpcSession, seq: Seq, error: string, members: readonly Member[]): void {
  session.context.members.encodeList(session.reply(seq, error), members);
}

async function join(session: RpcSession, seq: Seq, body: MsgpackReader): Promise<void> {
  const { addresses, replay } = messages.decodeJoin(body);
  let count = 0;
  let error = "";
  try {
    if (addresses.length > JOIN_ADDRESSES_MAX) throw new Error(`more than ${JOIN_ADDRESSES_MAX} addresses`);
    count = addresses.length === 0 ? 0 : await session.context.backend.join(addresses, replay);
  } catch (cause) {
    error = errorText(cause);
  }
  session.resume(() => replies.encodeJoined(session.reply(seq, error), count));
}

async function leave(session: RpcSession, seq: Seq): Promise<void> {
  const { backend, log } = session.context;
  log.leaveTriggered();
  const error = await outcome(() => backend.leave());
  if (error !== "") log.leaveFailed(error);
  session.resume(() => session.reply(seq, error));
  await session.sent();
  backend.shutdown();
  session.close();
}

function forceLeave(session: RpcSession, seq: Seq, body: MsgpackReader): Promise<void> {
  const { node, prune } = messages.decodeForceLeave(body);
  return replyWhenDone(session, seq, () => session.context.backend.forceLeave(node, prune));
}

function tags(session: RpcSession, seq: Seq, body: MsgpackReader): Promise<void> {
  const { set, remove } = messages.decodeTags(body);
  return replyWhenDone(session, seq, () => session.context.backend.setTags(set, remove));
}

async function replyWhenDone(session: RpcSession, seq: Seq, work: () => Promise<void>): Promise<void> {
  const error = await outcome(work);
  session.resume(() => session.reply(seq, error));
}

/** Does it. @returns the error's text; "" for success. */
async function outcome(work: () => Promise<void>): Promise<string> {
  try {
    await work();
    return "";
  } catch (cause) {
    return errorText(cause);
  }
}

function stats(session: RpcSession, seq: Seq): void {
  const { backend, stats } = session.context;
  stats.encode(session.reply(seq, ""), backend.stats());
}

function getCoordinate(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const coordinate = session.context.backend.coordinateOf(messages.decodeCoordinateRequest(body));
  replies.encodeCoordinateReply(session.reply(seq, ""), coordinate);
}

function stream(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const filters = parseEventFilters(messages.decodeStream(body));
  if (filters === undefined) session.reply(seq, RpcErrorText.invalidFilter);
  else if (session.streams.has(seq)) session.reply(seq, RpcErrorText.streamExists);
  else if (session.streams.size >= STREAMS_MAX) session.reply(seq, `More than ${STREAMS_MAX} streams`);
  else {
    session.reply(seq, "");
    const stream = new EventStream(seq, filters, session.outbox, session.pendingQueries);
    session.streams.set(seq, stream);
    session.context.events.add(stream);
  }
}

function monitor(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const name = messages.decodeMonitor(body).toUpperCase();
  const level = parseLogLevel(name);
  if (level === undefined) session.reply(seq, `Unknown log level: ${name}`);
  else if (session.monitor !== undefined) session.reply(seq, RpcErrorText.monitorExists);
  else {
    session.reply(seq, "");
    session.monitor = new LogStream(seq, session.outbox);
    session.monitor.start(session.context.backend.logRing, level);
  }
}

/** Stops the monitor and the stream with that number, if there are such. Succeeds in any case. */
function stop(session: RpcSession, seq: Seq, body: MsgpackReader): void {
  const stopped = messages.decodeStop(body);
  if (session.monitor?.seq === stopped) session.stopMonitor();
  const stream = session.streams.get(stopped);
  if (stream !== undefined) {
    session.streams.delete(stopped);
    session.context.events.remove(stream);
  }
  session.reply(seq, "");
}
