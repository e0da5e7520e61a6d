/**
 * The same conversations over RPC with HashiCorp's agent and with ours, both running, compared record by record. What may
 * differ is listed in parity/differences.ts and parity/conversations.ts.
 */
import { ok } from "../support/assert.ts";
import { type AgentSpec, type RunningAgent, withPeers } from "../support/agents.ts";
import { testBoth } from "../support/binaries.ts";
import { type Conversation, play } from "./parity/conversation_player.ts";
import { CONVERSATIONS, KEY, ON_PURPOSE, TOKEN } from "./parity/conversations.ts";
import { comparableRecord } from "./parity/differences.ts";

/** The golden file's agents are at these addresses, of HashiCorp's network; ours are in the next one. */
const LAST_BYTES = { open: 4, locked: 5, keyed: 6 } as const;
const THEIR_NET = "127.0.20", OUR_NET = "127.0.21";
const PORT = 46305;
/** A difference counts when it shows so often: a query's answer may be late on a busy machine. */
const ATTEMPTS = 3;

testBoth(
  "parity: RPC: every conversation has the same records",
  (ours, theirs) =>
    withPeers(async (start) => {
      await Promise.all([begin(start, theirs, THEIR_NET), begin(start, ours, OUR_NET)]);
      const failures: string[] = [];
      for (const conversation of CONVERSATIONS) {
        const isOnPurpose = conversation.name in ON_PURPOSE;
        let difference = await differenceOf(conversation);
        for (let i = 1; i < ATTEMPTS && difference !== undefined && !isOnPurpose; i++) {
          difference = await differenceOf(conversation);
        }
        if (isOnPurpose) {
          difference = difference === undefined ? `${conversation.name} differs no more` : undefined;
        }
        if (difference !== undefined) failures.push(difference);
      }
      ok(
        failures.length === 0,
        `${failures.length} of ${CONVERSATIONS.length}:\n${failures.join("\n=====\n")}`,
      );
    }),
);

Deno.test("parity: RPC: at least 60 conversations besides the golden ones, each with a name of its own", () => {
  const names = new Set(CONVERSATIONS.map(({ name, agent }) => `${agent} ${name}`));
  const own = CONVERSATIONS.filter(({ steps }) => steps.length > 1).length;
  console.log(`parity: RPC: ${CONVERSATIONS.length} conversations`);
  ok(own >= 60, `${own}`);
  ok(names.size === CONVERSATIONS.length, `${CONVERSATIONS.length - names.size} double names`);
});

async function begin(
  start: (spec: AgentSpec) => Promise<RunningAgent>,
  binary: string,
  net: string,
): Promise<void> {
  const config = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(config, JSON.stringify({ rpc_auth: TOKEN }));
  const extra = {
    open: ["-event-handler=query:load=echo up"],
    locked: [`-config-file=${config}`],
    keyed: [`-encrypt=${KEY}`],
  };
  await Promise.all(
    Object.entries(LAST_BYTES).map(([agent, lastByte]) => {
      const host = `${net}.${lastByte}`;
      const args = [
        "-profile=local",
        "-tag=role=web",
        `-bind=${host}:${PORT}`,
        ...extra[agent as keyof typeof extra],
      ];
      return start({ binary, name: "x", host, args });
    }),
  );
  await Deno.remove(config);
}

async function differenceOf(conversation: Conversation): Promise<string | undefined> {
  const [theirs, ours] = await Promise.all([THEIR_NET, OUR_NET].map(async (net) => {
    const transcript = await play(`${net}.${LAST_BYTES[conversation.agent]}:7373`, conversation);
    return transcript.map(comparableRecord).filter((record) => record !== "").join("\n");
  }));
  if (theirs === ours) return undefined;
  return `${conversation.name} (${conversation.agent})\n--- HashiCorp's\n${theirs}\n--- ours\n${ours}`;
}
