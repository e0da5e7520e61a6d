/** Completion for zsh: a file named `_serf` in a directory of its `fpath`. */
import type { FlagSpec } from "../../lib/cli/flags.ts";
import { type CommandDoc, GENERATED } from "./command_docs.ts";

/** @returns the function's file. */
export function zshCompletion(commands: readonly CommandDoc[]): string {
  const names = commands.map(({ spec, synopsis }) => `    ${quote(`${spec.name}:${synopsis}`)}`);
  const cases = commands.filter(({ spec }) => spec.flags.length > 0).map(({ spec }) =>
    `    ${spec.name})\n      _arguments \\\n${
      spec.flags.map((flag) => `        ${quote(argument(flag))}`).join(" \\\n")
    } \\\n        '*: :'\n      ;;`
  );
  return `#compdef serf
# zsh completion for serf(1). ${GENERATED}

_serf() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'serf command' commands
    return
  fi
  local command=$words[2]
  # What follows is about the command's own words.
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}

if [[ $funcstack[1] == _serf ]]; then
  _serf "$@"
else
  compdef _serf serf
fi
`;
}

/** `[*]-name[=][about]:message:action`: a star for what may be repeated; `=` means that the value may be joined to it. */
function argument(flag: FlagSpec): string {
  const about = `[${inBrackets(flag.about)}]`;
  if (flag.kind === "bool") return `-${flag.name}${about}`;
  const repeatable = flag.kind === "list" ? "*" : "";
  return `${repeatable}-${flag.name}=${about}:${flag.name}:${action(flag)}`;
}

function action(flag: FlagSpec): string {
  if (flag.values === undefined) return " ";
  if (flag.values === "file") return "_files";
  if (flag.values === "directory") return "_files -/";
  return `(${flag.values.join(" ")})`;
}

function inBrackets(text: string): string {
  return text.replace(/[[\]\\]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
