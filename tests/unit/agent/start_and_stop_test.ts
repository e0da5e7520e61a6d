/** Banner, signals, retried joins. */
import { deepEqual, equal } from "../../support/assert.ts";
import { bannerText } from "../../../lib/agent/banner.ts";
import { RetryJoin } from "../../../lib/agent/retry_join.ts";
import { SIGNAL_TEXTS, SignalWatch } from "../../../lib/agent/signals.ts";
import { JoinError } from "../../../lib/base/errors.ts";
import { type Logger, LogLevel } from "../../../lib/base/ports.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { FakePlatform, settle } from "./fake_platform.ts";

const CONFIG = {
  nodeName: "a",
  discover: "",
  bind: { host: "127.0.0.11", port: 20001 },
  advertise: undefined,
  rpcAddr: "127.0.0.1:20101",
  snapshotPath: "",
  profile: "local",
  compression: true,
} as const;

Deno.test("bannerText() is HashiCorp's to the letter", () => {
  equal(
    bannerText({ ...CONFIG, advertise: { host: "127.0.0.77", port: 7946 } }, false),
    "==> Serf agent running!\n" +
      "                      Node name: 'a'\n" +
      "                      Bind addr: '127.0.0.11:20001'\n" +
      "    Advertise addr: '127.0.0.77:7946'\n" +
      "                       RPC addr: '127.0.0.1:20101'\n" +
      "                      Encrypted: false\n" +
      "                       Snapshot: false\n" +
      "                        Profile: local\n" +
      "    Message Compression Enabled: true\n",
  );
});

Deno.test("bannerText() shows IPv6 in brackets, and an empty host", () => {
  const config = { ...CONFIG, bind: { host: "::1", port: 0 }, snapshotPath: "/s", compression: false };
  const text = bannerText(config, true);
  equal(text.includes("Snapshot: true\n"), true);
  const found = bannerText({ ...config, discover: "clu" }, false);
  equal(
    found.endsWith("    Message Compression Enabled: false\n                   mDNS cluster: clu\n"),
    true,
  );
  equal(text.includes("Bind addr: '[::1]:0'\n"), true);
  equal(text.includes("Advertise"), false);
  equal(text.includes("Encrypted: true\n"), true);
  equal(text.includes("Compression Enabled: false\n"), true);
  equal(
    bannerText({ ...CONFIG, bind: { host: "", port: 7999 } }, false).includes("Bind addr: ':7999'\n"),
    true,
  );
});

Deno.test("SignalWatch gives signals one after another", async () => {
  const platform = new FakePlatform();
  const watch = new SignalWatch(platform);
  const first = watch.next();
  platform.signal("SIGHUP");
  platform.signal("SIGINT");
  platform.signal("SIGTERM");
  deepEqual([await first, await watch.next(), await watch.next()], ["SIGHUP", "SIGINT", "SIGTERM"]);
  deepEqual(SIGNAL_TEXTS, { SIGINT: "interrupt", SIGTERM: "terminated", SIGHUP: "hangup" });
});

Deno.test("SignalWatch lets each signal wait once", async () => {
  const platform = new FakePlatform();
  const watch = new SignalWatch(platform);
  // A reload may take seconds. Whatever comes meanwhile, a wish to end is not lost among wishes to reload.
  for (let i = 0; i < 10; i++) {
    platform.signal("SIGHUP");
    platform.simClock.runFor(200);
  }
  platform.signal("SIGTERM");
  deepEqual([await watch.next(), await watch.next()], ["SIGHUP", "SIGTERM"]);
  let another = false;
  void watch.next().then(() => another = true);
  await settle();
  equal(another, false);
});

Deno.test("SignalWatch never takes a SIGHUP for an echo: the file may have changed between two", async () => {
  const platform = new FakePlatform();
  const watch = new SignalWatch(platform);
  platform.signal("SIGHUP");
  equal(await watch.next(), "SIGHUP");
  const second = watch.next();
  platform.signal("SIGHUP");
  equal(await second, "SIGHUP");
});

Deno.test("SignalWatch takes the same signal within a tenth of a second for its echo", async () => {
  const platform = new FakePlatform();
  const watch = new SignalWatch(platform);
  const heard: string[] = [];
  const listen = () =>
    void watch.next().then((name) => {
      heard.push(`${name} ${platform.clock.nowMs()}`);
      listen();
    });
  listen();
  for (
    const [afterMs, name] of [[0, "SIGINT"], [2, "SIGINT"], [50, "SIGTERM"], [0, "SIGINT"], [
      100,
      "SIGINT",
    ]] as const
  ) {
    platform.simClock.runFor(afterMs);
    platform.signal(name);
    await settle();
  }
  deepEqual(heard, ["SIGINT 0", "SIGTERM 52", "SIGINT 52", "SIGINT 152"]);
});

/** A retried join whose outcomes are written down beforehand. */
function retrying(outcomes: (number | Error)[], maxAttempts: number) {
  const clock = new SimClock();
  const lines: string[] = [];
  const logger: Logger = {
    enabled: () => true,
    log: (level, text) => void lines.push(`${LogLevelName(level)} ${text}`),
  };
  let attempts = 0, givenUp = 0;
  const retry = new RetryJoin(
    { addresses: ["x", "y"], replay: true, intervalMs: 90_000, maxAttempts },
    () => {
      const outcome = outcomes[attempts++]!;
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    { clock, logger },
    () => givenUp++,
  );
  const run = async (ms: number) => {
    await settle();
    clock.runFor(ms);
    await settle();
  };
  return { retry, run, clock, lines, attempts: () => attempts, givenUp: () => givenUp };
}

function LogLevelName(level: LogLevel): string {
  return Object.entries(LogLevel).find(([, value]) => value === level)![0];
}

const FAILURE = new JoinError([{ text: "Failed to join x: refused", cause: new Error("refused") }]);

Deno.test("RetryJoin tries at once, then at every interval, until it works", async () => {
  const { retry, run, clock, lines, attempts } = retrying([FAILURE, FAILURE, 2], 0);
  retry.start();
  await run(0);
  equal(attempts(), 1);
  await run(89_999);
  equal(attempts(), 1);
  await run(1);
  equal(attempts(), 2);
  await run(90_000);
  deepEqual(lines, [
    "info agent: Joining cluster...(replay: true)",
    "warn agent: Join failed: 1 error occurred:\n\t* Failed to join x: refused\n\n, retrying in 1m30s",
    "info agent: Joining cluster...(replay: true)",
    "warn agent: Join failed: 1 error occurred:\n\t* Failed to join x: refused\n\n, retrying in 1m30s",
    "info agent: Joining cluster...(replay: true)",
    "info agent: Join completed. Synced with 2 initial agents",
  ]);
  equal(clock.armedCount, 0, "no timer without work");
});

Deno.test("RetryJoin gives up after retry_max retries, that is one attempt more", async () => {
  const { retry, run, lines, attempts, givenUp } = retrying([FAILURE, FAILURE, FAILURE], 2);
  retry.start();
  for (let i = 0; i < 5; i++) await run(90_000);
  equal(attempts(), 3);
  equal(givenUp(), 1);
  equal(lines.at(-1), "error agent: maximum retry join attempts made, exiting");
});

Deno.test("RetryJoin: a negative limit is none", async () => {
  const { retry, run, attempts, givenUp } = retrying(Array(20).fill(FAILURE), -1);
  retry.start();
  for (let i = 0; i < 9; i++) await run(90_000);
  equal(attempts(), 10);
  equal(givenUp(), 0);
});

Deno.test("RetryJoin.stop() ends it, also while an attempt is under way", async () => {
  const waiting = retrying([FAILURE, 1], 0);
  waiting.retry.start();
  await waiting.run(0);
  waiting.retry.stop();
  await waiting.run(1_000_000);
  equal(waiting.attempts(), 1);

  const joining = retrying([FAILURE, 1], 0);
  joining.retry.start();
  joining.retry.stop();
  await joining.run(1_000_000);
  equal(joining.attempts(), 1);
  equal(joining.lines.length, 1);
});
