/** Shells: the one kind of child process that an agent starts, for event handlers. */
import { encodeText } from "../base/byte_text.ts";
import { systemErrorText } from "./go_errors.ts";
import type { ScriptOptions, ScriptResult } from "./platform.ts";

const SHELL = "/bin/sh";

/**
 * One pipe for standard output and standard error, so that their order is kept; then the script, in a shell that sees
 * the same arguments as HashiCorp's handlers do. The first shell becomes the second: there is one process.
 */
const PREAMBLE = `exec 2>&1; exec ${SHELL} -c "$1"`;

/**
 * Runs a script in a shell, in a session (and so a process group) of its own: an interrupt typed at the agent's terminal
 * is not meant for it. It is never killed, and outlives the agent.
 *
 * @returns once the shell has ended and nobody holds its output open any more: a child in the background does, unless
 *   its output was redirected.
 * @throws {Error} in Go's words, when it could not be started: `fork/exec /bin/sh: no such file or directory`.
 */
export async function runScript(script: string, options: ScriptOptions): Promise<ScriptResult> {
  const child = start(script, options.env);
  const input = new ScriptInput(child.stdin, options.input);
  const [status] = await Promise.all([
    child.status,
    drain(child.stdout, options.onOutput),
    ...Deno.build.os === "windows" ? [drain(child.stderr, options.onOutput)] : [],
  ]);
  return { failure: failureText(status), inputFailure: await input.finish() };
}

function start(script: string, env: Readonly<Record<string, string>>): Deno.ChildProcess {
  if (Object.values(env).some((value) => value.includes("\0"))) {
    throw new Error("exec: environment variable contains NUL");
  }
  const common = { stdin: "piped", stdout: "piped", detached: true } as const;
  try {
    if (Deno.build.os === "windows") {
      return new Deno.Command("cmd", { ...common, args: ["/C", script], env: { ...env }, stderr: "piped" })
        .spawn();
    }
    const { plain, exports } = splitEnvironment(env);
    const args = ["-c", exports + PREAMBLE, "sh", script];
    return new Deno.Command(SHELL, { ...common, args, env: plain, stderr: "null" }).spawn();
  } catch (error) {
    throw new Error(`fork/exec ${SHELL}: ${startFailure(error)}`, { cause: error });
  }
}

/** `Failed to spawn '/bin/sh': No such file or directory (os error 2)` without what Go says in other words. */
function startFailure(error: unknown): string {
  return systemErrorText(error).replace(/^failed to spawn '[^']*': (.)/, (_, first) => first.toLowerCase());
}

/**
 * The runtime passes UTF-8 only. Values that are something else (byte_text.ts; a stranger names his user event with any
 * bytes) are told to the first shell in octal.
 */
function splitEnvironment(
  env: Readonly<Record<string, string>>,
): { plain: Record<string, string>; exports: string } {
  const plain: Record<string, string> = {};
  let exports = "";
  for (const [name, value] of Object.entries(env)) {
    if (value.isWellFormed()) {
      plain[name] = value;
      continue;
    }
    const octal = Array.from(encodeText(value), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    // The x keeps newlines at the end, which a substitution would lose.
    exports += `${name}=$(printf '${octal}x'); ${name}=\${${name}%x}; export ${name}; `;
  }
  return { plain, exports };
}

/**
 * What a pipe holds although nobody reads it. So much counts as written also when the script has ended first: whether it
 * has is a matter of luck, and most scripts that do not need their input do not read it.
 */
const PIPE_BYTES = 65_536;

/** How long an input may still be on its way after the script has ended: only its children can read it then. */
const INPUT_GRACE_MS = 50;

/** Writes the input and closes it, whether anybody reads it or not. */
class ScriptInput {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #outcome: Promise<string | undefined>;

  constructor(stream: WritableStream<Uint8Array>, bytes: Uint8Array) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => {});
    // Deno 2.4 reports a failed write at the closing only.
    this.#outcome = Promise.all([this.#writer.write(bytes), this.#writer.close()])
      .then(() => undefined, (error: unknown) => {
        return bytes.length <= PIPE_BYTES ? undefined : `write |1: ${writeFailure(error)}`;
      });
  }

  /** The script has ended: what it did not read, nobody will. @returns Go's words for what went wrong, if something did. */
  async finish(): Promise<string | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve("write |1: broken pipe"), INPUT_GRACE_MS);
    });
    const failure = await Promise.race([this.#outcome, late]);
    clearTimeout(timer);
    this.#writer.abort().catch(() => {});
    return failure;
  }
}

/** Deno 2.4 ends such a write with a TypeError that says nothing of pipes. */
function writeFailure(error: unknown): string {
  return error instanceof TypeError ? "broken pipe" : systemErrorText(error);
}

/** What a script may print as fast as it likes; whoever prints more is braked, and leaves the processor to us. */
const FREE_OUTPUT_BYTES = 4_194_304;
/** The pause after each further piece, which has some 64 KiB. */
const BRAKE_MS = 10;

async function drain(
  stream: ReadableStream<Uint8Array>,
  onOutput: (chunk: Uint8Array) => void,
): Promise<void> {
  let total = 0;
  for await (const chunk of stream) {
    onOutput(chunk);
    total += chunk.length;
    if (total > FREE_OUTPUT_BYTES) await new Promise((resolve) => setTimeout(resolve, BRAKE_MS));
  }
}

/** As Go's `ExitError` says it; undefined for success. */
function failureText({ code, signal }: Deno.CommandStatus): string | undefined {
  if (signal !== null) return `signal: ${SIGNAL_TEXTS[signal] ?? signal}`;
  return code === 0 ? undefined : `exit status ${code}`;
}

/** How Go names the signals that end processes. */
const SIGNAL_TEXTS: Readonly<Partial<Record<Deno.Signal, string>>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGTRAP: "trace/breakpoint trap",
};
