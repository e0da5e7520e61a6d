/** One run of one script for one event. surface.md 4.2, 4.5. */
import { type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { errorText } from "../base/error_text.ts";
import type { Platform } from "../platform/platform.ts";
import type { SerfEvent } from "../serf/events.ts";
import { decodeText } from "../wire/text.ts";
import { OutputTail } from "./output_tail.ts";
import { scriptEnvironment, scriptInput, type SelfFacts } from "./script_input.ts";

/** How much of a script's output is kept. */
const OUTPUT_BYTES_MAX = 8_192;
/** From then on a script is called slow. It may go on for as long as it likes. */
const SLOW_MS = 1_000;

/** What a run needs of the world. */
export type ScriptPlatform = Pick<Platform, "clock" | "runScript">;

/**
 * Runs `script` for `event`, and answers a query with what it printed, if it printed something and succeeded.
 *
 * @param isStopped whether nobody wants to hear of the outcome any more: then it is neither logged nor sent.
 * @returns when it is over. Never rejects: what goes wrong is logged.
 */
export async function runScriptFor(
  event: SerfEvent,
  script: string,
  self: SelfFacts,
  platform: ScriptPlatform,
  logger: Logger,
  isStopped: () => boolean,
): Promise<void> {
  const log = (level: LogLevel, text: string) => {
    if (!isStopped()) logger.log(level, text);
  };
  const slow = new Timer(() => {
    log(LogLevel.warn, `agent: Script '${script}' slow, execution exceeding ${SLOW_MS / 1_000}s`);
  });
  const output = new OutputTail(OUTPUT_BYTES_MAX);
  platform.clock.arm(slow, SLOW_MS);
  try {
    const { failure, inputFailure } = await platform.runScript(script, {
      env: scriptEnvironment(event, self),
      input: scriptInput(event),
      onOutput: (chunk) => output.write(chunk),
    });
    if (inputFailure !== undefined) log(LogLevel.error, `Error writing payload: ${inputFailure}`);
    const bytes = output.bytes();
    if (output.total > bytes.length) {
      log(
        LogLevel.warn,
        `agent: Script '${script}' generated ${output.total} bytes of output, truncated to ${bytes.length}`,
      );
    }
    const text = decodeText(bytes, 0, bytes.length);
    log(LogLevel.debug, `agent: Event '${event.type}' script output: ${text}`);
    if (failure !== undefined) throw new Error(failure);
    if (bytes.length > 0 && !isStopped()) respond(event, bytes, log);
  } catch (error) {
    log(LogLevel.error, `agent: Error invoking script '${script}': ${errorText(error)}`);
  } finally {
    platform.clock.disarm(slow);
  }
}

function respond(event: SerfEvent, output: Uint8Array, log: (level: LogLevel, text: string) => void): void {
  if (event.type !== "query") return;
  try {
    event.respond(output);
  } catch (error) {
    const cause = `failed to respond to key query: ${errorText(error)}`;
    log(LogLevel.warn, `agent: Failed to respond to query 'query: ${event.name}': ${cause}`);
  }
}
