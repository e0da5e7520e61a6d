import { deepEqual, equal } from "../../support/assert.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { Leaver } from "../../../lib/serf/leaver.ts";
import { RecordingLogger } from "./fakes.ts";

function fixture() {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  const trace: string[] = [];
  const pending: { intent?: (sent: boolean) => void; memberlist?: (error?: Error) => void } = {};
  const leaver = new Leaver({
    clock,
    logger,
    broadcastTimeoutMs: 5000,
    leavePropagateDelayMs: 1000,
    announce: (timeoutMs, done) => {
      trace.push(`announce ${timeoutMs}`);
      pending.intent = done;
    },
    leaveMemberlist: (timeoutMs, done) => {
      trace.push(`memberlist ${timeoutMs}`);
      pending.memberlist = done;
    },
  });
  const start = () =>
    leaver.start((error) => trace.push(error === undefined ? "done" : `error ${error.message}`));
  return { clock, logger, trace, pending, leaver, start };
}

Deno.test("D.13: leaving is intent, then memberlist's leave, then a second in which the node still answers", () => {
  const f = fixture();
  f.start();
  equal(f.leaver.phase, "intent");
  deepEqual(f.trace, ["announce 5000"]);
  f.pending.intent!(true);
  deepEqual(f.trace, ["announce 5000", "memberlist 5000"]);
  f.pending.memberlist!();
  equal(f.leaver.phase, "propagating");
  f.clock.run(999);
  equal(f.trace.length, 2);
  f.clock.run(1000);
  deepEqual(f.trace.slice(2), ["done"]);
  deepEqual(f.logger.lines, []);
});

Deno.test("D.13: an announcement that takes too long is warned of, and leaving goes on (as 0.10.1)", () => {
  const f = fixture();
  f.start();
  f.pending.intent!(false);
  f.pending.memberlist!(new Error("timeout waiting for leave broadcast"));
  f.clock.run(1000);
  deepEqual(f.trace, ["announce 5000", "memberlist 5000", "done"]);
  deepEqual(f.logger.lines.map((line) => line.slice(0, 45)), [
    "WARN serf: timeout while waiting for graceful",
    "WARN serf: timeout waiting for leave broadcas",
  ]);
});

Deno.test("Leaver.stop() ends it in every phase with an error, once, and late answers change nothing", () => {
  const phases: ((f: ReturnType<typeof fixture>) => void)[] = [
    () => {},
    (f) => f.pending.intent!(true),
    (f) => {
      f.pending.intent!(true);
      f.pending.memberlist!();
    },
  ];
  for (const advance of phases) {
    const f = fixture();
    f.start();
    advance(f);
    f.leaver.stop();
    f.leaver.stop();
    const before = f.trace.length;
    equal(f.trace.at(-1), "error Leave interrupted by Shutdown");
    f.pending.intent!(true);
    f.pending.memberlist?.();
    equal(f.clock.armedCount, 0);
    f.clock.run(10_000);
    equal(f.trace.length, before);
    equal(f.leaver.phase, "done");
  }
});

Deno.test("Leaver.stop() before it was started says nothing", () => {
  const f = fixture();
  f.leaver.stop();
  deepEqual(f.trace, []);
});
