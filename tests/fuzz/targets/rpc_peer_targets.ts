/** Targets of the RPC protocol that keep a state: a whole session, and a whole client. */
import * as messages from "../../../lib/rpc/messages.ts";
import { RpcClient } from "../../../lib/rpc/rpc_client.ts";
import { RpcError } from "../../../lib/rpc/rpc_error.ts";
import { concat } from "../../golden/sample.ts";
import { authRequest, Conversation, HANDSHAKE, request, settle } from "../../unit/rpc/conversation.ts";
import { FakeBackend, FakeClock } from "../../unit/rpc/fake_backend.ts";
import { FakeConnection } from "../../unit/rpc/fake_stream.ts";
import type { Subject, Target } from "../support/target.ts";
import { RECEIVED, RPC_WORDS, SENT } from "./rpc_targets.ts";

/** What a session may queue for one conversation, in bytes. */
const QUEUED_BYTES_MAX = 100_000;
const LINES_MAX = 40;

/** A server's session; the first byte says whether the agent has a key, and in what chunks the rest comes. */
const sessions: Target = {
  name: "RPC session",
  seeds: SENT.flatMap((stream) => [
    concat(Uint8Array.of(16), stream),
    concat(Uint8Array.of(7), stream),
    concat(Uint8Array.of(64), HANDSHAKE, stream),
    concat(Uint8Array.of(65), HANDSHAKE, authRequest(2, "sekret"), stream),
  ]),
  words: RPC_WORDS.map((word) => new TextEncoder().encode(word)),
  msgpackAt: 1,
  isStateful: true,
  refusals: [],
  begin: sessionSubject,
};

function sessionSubject(): Subject {
  const backends = ["", "sekret"].map((authKey) => {
    const backend = new FakeBackend();
    return { authKey, backend, context: new Conversation(authKey, backend).context };
  });
  return {
    async decode(input, start, end) {
      const way = input[start] ?? 0;
      const { authKey, backend, context } = backends[way & 1]!;
      const talk = new Conversation(authKey, backend, context);
      const chunkBytes = 1 + (way >> 1);
      for (let at = start + 1; at < end; at += chunkBytes) {
        talk.connection.send(input.slice(at, Math.min(end, at + chunkBytes)));
      }
      await talk.hangUp();
      if (!talk.connection.isClosed) throw new Error("the connection is still open");
      if (talk.connection.queuedMax > QUEUED_BYTES_MAX) {
        throw new Error(`${talk.connection.queuedMax} bytes waited`);
      }
      if (context.replies.length > 0) throw new Error("a reply is left behind");
      if (backend.listenerCount + backend.logRing.subscriberCount > 0) {
        throw new Error("somebody still listens");
      }
      backend.calls.length = 0;
      return undefined;
    },
    finish() {
      for (const { backend } of backends) {
        if (backend.lines.length > LINES_MAX) throw new Error(`${backend.lines.length} lines were logged`);
      }
    },
  };
}

const CLIENT_REQUESTS = [
  "members",
  "stats",
  "list-keys",
  "join",
  "get-coordinate",
  "monitor",
  "stream",
] as const;

/** What a real session answers to the client of the next target. */
async function honestAnswers(): Promise<Uint8Array> {
  const talk = new Conversation();
  const honest = [
    HANDSHAKE,
    request("members", 2),
    request("stats", 3),
    request("list-keys", 4),
    request("join", 5, (writer) => messages.encodeJoin(writer, ["a"], false)),
    request("get-coordinate", 6, (writer) => messages.encodeCoordinateRequest(writer, "x")),
    request("monitor", 7, (writer) => messages.encodeMonitor(writer, "debug")),
    request("stream", 8, (writer) => messages.encodeStream(writer, "*")),
  ];
  for (const each of honest) talk.connection.send(each);
  await settle();
  const answer = talk.connection.fetched();
  await talk.hangUp();
  return answer;
}

/** The command line's client, whose agent answers with anything. */
const clients: Target = {
  name: "RPC client",
  seeds: [await honestAnswers(), ...RECEIVED],
  words: RPC_WORDS.map((word) => new TextEncoder().encode(word)),
  msgpackAt: 0,
  isStateful: true,
  refusals: [],
  begin: () => ({
    async decode(input, start, end) {
      const connection = new FakeConnection();
      connection.write = () => 0;
      const platform = { clock: new FakeClock(), dialStream: () => Promise.resolve(connection) };
      const client = await RpcClient.connect(platform, "h:1", "");
      const asked: readonly Promise<unknown>[] = [
        client.accepted,
        client.members(),
        client.stats(),
        client.listKeys(),
        client.join(["a"], false),
        client.coordinate("x"),
        client.monitor("debug", () => {}),
        client.stream("*", () => {}),
      ];
      const chunkBytes = 1 + (end - start) % 61;
      for (let at = start; at < end; at += chunkBytes) {
        connection.send(input.slice(at, Math.min(end, at + chunkBytes)));
      }
      connection.end();
      for (const [i, result] of (await Promise.allSettled(asked)).entries()) {
        if (result.status === "rejected" && !(result.reason instanceof RpcError)) {
          throw new Error(`${["greeting", ...CLIENT_REQUESTS][i]} fails`, { cause: result.reason });
        }
      }
      await client.closed;
      if (!connection.isClosed) throw new Error("the connection is still open");
      return undefined;
    },
  }),
};

/** Both ends of a connection. */
export const RPC_PEER_TARGETS: readonly Target[] = [sessions, clients];
