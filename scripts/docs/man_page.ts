/** The manual page serf(1), in roff with the man macros. */
import type { FlagSpec } from "../../lib/cli/flags.ts";
import { type CommandDoc, GENERATED } from "./command_docs.ts";

/** What holds for all commands, and stands in no command's help. */
const CLOSING: readonly (readonly [title: string, blocks: readonly string[]])[] = [
  ["EXIT STATUS", [
    tagged("0", "The command did what it was asked for."),
    tagged("1", "It did not. Why is said on standard output; refused flags and help are on standard error."),
    tagged("127", "There is no such command, or none was given."),
  ]],
  ["ENVIRONMENT", [
    tagged(
      "SERF_RPC_ADDR",
      "Where commands find the agent, unless -rpc-addr says so. The agent does not read it.",
    ),
    tagged("SERF_RPC_AUTH", "The token for the agent, unless -rpc-auth gives one."),
  ]],
  ["FILES", [
    tagged(
      "/etc/serf/*.json",
      "The settings of an agent that runs as a systemd service: one JSON object per file, read in alphabetical " +
        "order, the later over the earlier. A flag of the agent overrides both.",
    ),
  ]],
  ["SIGNALS", [
    tagged("SIGINT", "The agent leaves the cluster and exits, unless skip_leave_on_interrupt is set."),
    tagged("SIGTERM", "The agent exits, and leaves the cluster first if leave_on_terminate is set."),
    tagged(
      "SIGHUP",
      "The agent reads its configuration files again, and takes from them log level, tags, event handlers, and " +
        "whether signals make it leave.",
    ),
    tagged("SIGUSR1", "The agent prints what it has measured on standard error."),
  ]],
  ["EXAMPLES", [
    example("Start two members of one cluster", [
      "serf agent -node=a -bind=10.0.0.1",
      "serf agent -node=b -bind=10.0.0.2 -join=10.0.0.1",
    ]),
    example("List who is alive, for another program to read", ["serf members -status=alive -format=json"]),
    example("Encrypt what the members say to each other", [
      "key=$(serf keygen)",
      'serf agent -node=a -bind=10.0.0.1 -encrypt="$key"',
    ]),
  ]],
  ["SEE ALSO", ["systemd.service(5), journalctl(1)\n"]],
];

/**
 * @param release what `serf version` calls itself, without the commit.
 * @returns the page, ending in a line end. It is the same for the same commands: it has no date.
 */
export function manPage(commands: readonly CommandDoc[], release: string): string {
  return [
    `.\\" ${GENERATED}\n`,
    `.TH SERF 1 "" "serf ${escape(release)}" "User Commands"\n`,
    section("NAME", ["serf \\- cluster membership, failure detection and orchestration\n"]),
    section("SYNOPSIS", [
      ".B serf\n[\\fB\\-\\-version\\fR] [\\fB\\-\\-help\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n",
    ]),
    section("DESCRIPTION", [
      line(
        "An agent on every host of a cluster tells the others that it is there, notices when one of them fails, " +
          "and spreads what it knows, without any central server. The other commands talk to an agent that runs on " +
          "the same host, or wherever -rpc-addr says.",
      ),
      ".PP\n",
      line(
        "Flags begin with one dash or two; a value follows after '=' or as the next argument. They end at the first " +
          "argument that is no flag, or after '--'. Durations are written like 500ms, 10s or 1h30m.",
      ),
    ]),
    section("COMMANDS", commands.map(commandPart)),
    ...CLOSING.map(([title, blocks]) => section(title, blocks)),
  ].join("");
}

function commandPart({ synopsis, spec }: CommandDoc): string {
  const usage = `.SS ${escape(spec.name)}\n.B serf ${escape(spec.name)}\n` + line(spec.args);
  const about = spec.about.length > 0 ? spec.about : [`${synopsis}.`];
  const notes = (spec.notes ?? []).flatMap((note) => [
    `.PP\n.I ${escape(note.title)}\n`,
    ...note.about.map((text) => `.PP\n${line(text)}`),
  ]);
  return [usage, ...about.map((text) => `.PP\n${line(text)}`), ...spec.flags.map(flagPart), ...notes].join(
    "",
  );
}

function flagPart(flag: FlagSpec): string {
  return `.TP\n\\fB\\-${escape(flag.name)}\\fR${escape(flag.hint)}\n${line(flag.about)}`;
}

function section(title: string, blocks: readonly string[]): string {
  return `.SH ${title}\n${blocks.join("")}`;
}

function tagged(term: string, text: string): string {
  return `.TP\n.B ${escape(term)}\n${line(text)}`;
}

function example(title: string, commands: readonly string[]): string {
  return `.PP\n${line(`${title}:`)}.PP\n.nf\n.RS\n${commands.map(line).join("")}.RE\n.fi\n`;
}

/** One line of text; none for no text. */
function line(text: string): string {
  return text === "" ? "" : `${escape(text)}\n`;
}

/** Nothing of `text` is markup: neither a backslash, nor a dash (a hyphen to roff), nor a sign that begins a line. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replace(/^\./, "\\&.");
}
