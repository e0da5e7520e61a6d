import { deepEqual, equal } from "../../support/assert.ts";
import { Address } from "../../../lib/base/address.ts";
import { type Logger, LogLevel } from "../../../lib/base/ports.ts";
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import { Rejoiner } from "../../../lib/serf/rejoiner.ts";

function setUp(names: readonly string[], seed = 1) {
  const lines: string[] = [];
  const logger: Logger = {
    enabled: () => true,
    log: (level, text) => void lines.push(`${level === LogLevel.warn ? "WARN" : "INFO"} ${text}`),
  };
  const tried: string[] = [];
  let answer: (isJoined: boolean) => void = () => {};
  const previous = names.map((name, i) =>
    [name, Address.fromHost(`10.0.0.${i + 1}`, 7946)] as [string, Address]
  );
  const rejoiner = new Rejoiner(new SeededRandom(seed), logger, previous, (address, done) => {
    tried.push(address.toString());
    answer = done;
  });
  return { rejoiner, lines, tried, answer: (isJoined: boolean) => answer(isJoined) };
}

Deno.test("Rejoiner tries one after the other until one answers", () => {
  const { rejoiner, lines, tried, answer } = setUp(["a", "b", "c"]);
  rejoiner.start("me");
  equal(tried.length, 1);
  answer(false);
  equal(tried.length, 2);
  answer(true);
  equal(tried.length, 2);
  equal(new Set(tried).size, 2);
  equal(lines[0]!.startsWith("INFO serf: Attempting re-join to previously known node: "), true);
  equal(lines[2]!.startsWith("INFO serf: Re-joined to previously known node: "), true);
  equal(lines[2]!.endsWith(`: ${tried[1]}`), true);
});

Deno.test("Rejoiner tries everybody once before it gives up", () => {
  const { rejoiner, lines, tried, answer } = setUp(Array.from({ length: 20 }, (_, i) => `n${i}`));
  rejoiner.start("n7");
  for (let i = 0; i < 19; i++) answer(false);
  equal(tried.length, 19);
  equal(new Set(tried).size, 19);
  equal(lines.at(-1), "WARN serf: Failed to re-join any previously known node");
});

Deno.test("Rejoiner never calls ourselves, and says when nobody is left", () => {
  const { rejoiner, lines, tried, answer } = setUp(["me", "a"]);
  rejoiner.start("me");
  answer(false);
  deepEqual(tried, ["10.0.0.2:7946"]);
  deepEqual(lines, [
    "INFO serf: Attempting re-join to previously known node: a: 10.0.0.2:7946",
    "WARN serf: Failed to re-join any previously known node",
  ]);
});

Deno.test("Rejoiner has nothing to say without a past", () => {
  const { rejoiner, lines } = setUp([]);
  rejoiner.start("me");
  deepEqual(lines, []);
});

Deno.test("Rejoiner.stop() ends it, also while an attempt is under way", () => {
  const { rejoiner, lines, tried, answer } = setUp(["a", "b"]);
  rejoiner.start("me");
  rejoiner.stop();
  answer(false);
  equal(tried.length, 1);
  equal(lines.length, 1);
});

Deno.test("Rejoiner's order depends on chance", () => {
  const firsts = new Set(Array.from({ length: 40 }, (_, seed) => {
    const { rejoiner, tried } = setUp(["a", "b", "c"], seed);
    rejoiner.start("me");
    return tried[0];
  }));
  equal(firsts.size, 3);
});
