import strict from "node:assert/strict";
import { withPeers } from "../support/agents.ts";
import { deepEqual, equal, notDeepEqual, notEqual, ok, rejects } from "../support/assert.ts";

Deno.test("our assertions tell a number from its text", () => {
  strict.throws(() => equal<unknown>(1, "1"));
  strict.throws(() => deepEqual<unknown>({ a: 1 }, { a: "1" }));
  notEqual(1, "1");
  notDeepEqual([1], ["1"]);
});

/** A program that starts as an agent does, says one more line, and ends. */
async function withFallingAgent(
  line: string,
  isPeer: boolean,
  attempt: (count: number) => void,
): Promise<void> {
  const binary = await Deno.makeTempFile({ prefix: "serf-falling-" });
  await Deno.writeTextFile(
    binary,
    `#!/bin/sh\necho "Log data will now stream in"\necho "${line}" >&2\nexit 2\n`,
  );
  await Deno.chmod(binary, 0o755);
  let count = 0;
  try {
    await withPeers(async (start) => {
      const agent = await start({ binary, name: "x", host: "127.0.0.1" });
      await agent.ended();
      attempt(++count);
    }, isPeer ? binary : undefined);
  } finally {
    await Deno.remove(binary);
  }
}

Deno.test("withPeers() begins a test anew in which HashiCorp's agent panicked", async () => {
  const counts: number[] = [];
  await withFallingAgent("panic: send on closed channel", true, (count) => {
    counts.push(count);
    ok(count === 3, "refused");
  });
  deepEqual(counts, [1, 2, 3]);
});

Deno.test("withPeers() gives up on a peer that panics again and again, and tells of its end", async () => {
  let attempts = 0;
  const failure = withFallingAgent("fatal error: concurrent map writes", true, () => {
    attempts++;
    ok(false, "refused");
  });
  await rejects(failure, /had ended with exit code 2[^]*concurrent map writes[^]*refused/);
  equal(attempts, 3);
});

Deno.test("withPeers() forgives neither our own panics nor those that bytes of ours may have caused", async () => {
  const ends = [
    ["panic: send on closed channel", false],
    ["panic: runtime error: index out of range [3]", true],
    ["killed", true],
  ] as const;
  for (const [line, isPeer] of ends) {
    let attempts = 0;
    await rejects(
      withFallingAgent(line, isPeer, () => {
        attempts++;
        ok(false, "refused");
      }),
      /refused/,
    );
    equal(attempts, 1, line);
  }
});
