/** What HashiCorp's Serf 0.9.4 answered to whole conversations, and what we answer to the same bytes. */
import { deepEqual, equal } from "../support/assert.ts";
import { fakeMember } from "../unit/rpc/fake_backend.ts";
import { encodeResponseHeader } from "../../lib/rpc/messages.ts";
import { encodeMembersHeader } from "../../lib/rpc/replies.ts";
import { Conversation, encoded } from "../unit/rpc/conversation.ts";
import golden from "./rpc_conversations.json" with { type: "json" };

type Sample = typeof golden.conversations[number];

/** What both agents answer to `members` with number 9, after the handshake's reply: header and body. */
const MEMBERS = golden.conversations.find((sample) => sample.name === "members")!.received.slice(2 * 13);

/** Where we differ on purpose, and what we say instead. */
const DIFFERENCES: Readonly<Record<string, { readonly received: string; readonly closed: boolean }>> = {
  // A bad expression gets an answer, and the connection lives: the `members` after it is answered too.
  "members-filtered: bad expression": {
    received: reply(1, "") +
      reply(9, "Failed to compile regex: error parsing regexp: missing closing ): `^($`") + emptyList() +
      MEMBERS.replace("536571" + "09", "536571" + "0a"),
    closed: false,
  },
  // The body of a refused request is not taken for a further header: one request, one answer.
  "join before auth": { received: reply(1, "") + reply(5, "Authentication required"), closed: false },
};

for (const sample of golden.conversations) {
  Deno.test(`golden: rpc: ${sample.name} (${sample.server})`, async () => {
    const expected = DIFFERENCES[sample.name] ?? sample;
    const actual = await replay(sample, [bytesOf(sample.sent)]);
    equal(actual.received, expected.received);
    equal(actual.closed, expected.closed);
  });
}

Deno.test("golden: rpc: answers do not depend on how the bytes are cut", async () => {
  for (const sample of golden.conversations) {
    const bytes = bytesOf(sample.sent);
    const whole = await replay(sample, [bytes]);
    deepEqual(await replay(sample, Array.from(bytes, (byte) => Uint8Array.of(byte))), whole, sample.name);
  }
});

async function replay(sample: Sample, chunks: Uint8Array[]): Promise<{ received: string; closed: boolean }> {
  const isOpen = sample.server === "open";
  const conversation = new Conversation(isOpen ? "" : "sekret");
  const { backend } = conversation;
  backend.list = [fakeMember("x", {
    ip: Uint8Array.of(127, 0, 20, isOpen ? 4 : 5),
    port: 46305,
    tags: new Map([["role", "web"]]),
  })];
  backend.coordinates.set("x", { vec: [0, 0, 0, 0, 0, 0, 0, 0], error: 1.5, adjustment: 0, height: 1e-5 });
  if (sample.name.includes("beyond the limit")) {
    backend.failure = new Error("Encoded length of tags exceeds limit of 512 bytes");
  }
  if (sample.name.includes("keys without a keyring")) {
    const messages = new Map([["x", "Keyring is empty (encryption not enabled)"]]);
    backend.keyResult = {
      ...backend.keyResult,
      messages,
      errorCount: 1,
      error: "1/1 nodes reported failure",
    };
  } else if (sample.name === "list-keys: keys of one node") {
    backend.keyResult.keys.set("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1);
  }
  conversation.connection.send(...chunks);
  const received = await conversation.hangUp();
  return {
    received: hex(received),
    closed: !conversation.connection.sawEnd,
  };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function reply(seq: number, error: string): string {
  return hex(encoded((writer) => encodeResponseHeader(writer, seq, error)));
}

function emptyList(): string {
  return hex(encoded((writer) => encodeMembersHeader(writer, 0)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
