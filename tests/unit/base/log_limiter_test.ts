import { deepEqual, equal } from "../../support/assert.ts";
import { LogLimiter } from "../../../lib/base/log_limiter.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { RecordingLogger } from "../memberlist/fakes.ts";

Deno.test("LogLimiter.log() lets a burst through, then a steady rate, and says how much it left out", () => {
  const clock = new SimClock(), logger = new RecordingLogger();
  const limiter = new LogLimiter(clock, logger, 3, 2);
  for (let i = 0; i < 10; i++) limiter.log(LogLevel.warn, `line ${i}`);
  deepEqual(logger.lines, ["WARN line 0", "WARN line 1", "WARN line 2"]);
  equal(limiter.suppressed, 7);
  clock.runFor(499);
  limiter.log(LogLevel.warn, "too early");
  clock.runFor(1);
  limiter.log(LogLevel.warn, "again");
  limiter.log(LogLevel.warn, "not again");
  deepEqual(logger.lines.slice(3), ["WARN again (8 more lines suppressed)"]);
});

Deno.test("LogLimiter never lets more through at once than its burst, however long it was quiet", () => {
  const clock = new SimClock(), logger = new RecordingLogger();
  const limiter = new LogLimiter(clock, logger, 2, 1);
  clock.runFor(3_600_000);
  for (let i = 0; i < 5; i++) limiter.log(LogLevel.info, "x");
  equal(logger.lines.length, 2);
});

Deno.test("LogLimiter.admits() takes no token, and counts what it turns away", () => {
  const clock = new SimClock(), logger = new RecordingLogger();
  const limiter = new LogLimiter(clock, logger, 1, 1);
  equal(limiter.admits(LogLevel.info), true);
  equal(limiter.admits(LogLevel.info), true);
  limiter.log(LogLevel.info, "x");
  equal(limiter.admits(LogLevel.info), false);
  equal(limiter.suppressed, 1);
});

Deno.test("LogLimiter: debug lines, of which nobody may see any, leave the others their room", () => {
  const clock = new SimClock(), logger = new RecordingLogger();
  const limiter = new LogLimiter(clock, logger, 2, 1);
  for (let i = 0; i < 5; i++) limiter.log(LogLevel.debug, "detail");
  limiter.log(LogLevel.trace, "detail");
  limiter.log(LogLevel.warn, "seen");
  limiter.log(LogLevel.error, "seen too");
  deepEqual(logger.lines, ["DEBUG detail", "DEBUG detail", "WARN seen", "ERR seen too"]);
  equal(limiter.suppressed, 4);
});

Deno.test("LogLimiter neither logs nor counts lines of a level that nobody reads", () => {
  const clock = new SimClock(), logger = new RecordingLogger();
  logger.level = LogLevel.warn;
  const limiter = new LogLimiter(clock, logger, 1, 1);
  for (let i = 0; i < 5; i++) limiter.log(LogLevel.debug, "x");
  equal(limiter.suppressed, 0);
  limiter.log(LogLevel.warn, "y");
  deepEqual(logger.lines, ["WARN y"]);
});

Deno.test("LogLimiter cuts off what a stranger made too long", () => {
  const clock = new SimClock(), logger = new RecordingLogger();
  const limiter = new LogLimiter(clock, logger, 1, 1);
  limiter.log(LogLevel.warn, "x".repeat(60_000));
  equal(logger.lines[0], `WARN ${"x".repeat(8192)}...`);
});
