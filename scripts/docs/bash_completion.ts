/** Completion for bash. It needs no bash-completion package. */
import type { FlagSpec } from "../../lib/cli/flags.ts";
import { type CommandDoc, GENERATED } from "./command_docs.ts";

/** The part that is the same for all commands. */
const MACHINERY = `
# Candidates that begin with $2, among the words of $1.
_serf_words() {
  COMPREPLY=($(compgen -W "$1" -- "$2"))
}

# Paths that begin with $2: of files and directories, or of directories alone ($1 is -f or -d).
_serf_paths() {
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$2")
}

# The value of flag $2 of command $1, as far as $3. Fails when that flag has no value.
_serf_value() {
  case "$1 $2" in
@VALUES@
    *) return 1 ;;
  esac
}

_serf() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= i
  COMPREPLY=()
  # bash takes "-flag=value" for three words.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" && $COMP_CWORD -ge 2 ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then
      command=\${COMP_WORDS[i]}
      break
    fi
  done
  if [[ -z $command ]]; then
    _serf_words "@COMMANDS@ --help --version" "$current"
    return
  fi
  if [[ $previous == --* ]]; then previous=\${previous#-}; fi
  if [[ $previous == -* ]] && _serf_value "$command" "$previous" "$current"; then
    return
  fi
  local dash=-
  [[ $current == --* ]] && dash=--
  if [[ $current == -* ]]; then
    case $command in
@FLAGS@
    esac
  fi
}

complete -F _serf serf
`;

/** @returns the script, to be sourced. */
export function bashCompletion(commands: readonly CommandDoc[]): string {
  const values = commands.flatMap(({ spec }) =>
    spec.flags.filter((flag) => flag.kind !== "bool").map((flag) =>
      `    "${spec.name} -${flag.name}") ${valueAction(flag)} ;;`
    )
  );
  const flags = commands.filter(({ spec }) => spec.flags.length > 0).map(({ spec }) =>
    `      ${spec.name}) _serf_words "${
      spec.flags.map((flag) => "${dash}" + flag.name).join(" ")
    }" "$current" ;;`
  );
  return `# bash completion for serf(1). ${GENERATED}\n` + MACHINERY
    .replace("@VALUES@", () => values.join("\n"))
    .replace("@COMMANDS@", () => commands.map(({ spec }) => spec.name).join(" "))
    .replace("@FLAGS@", () => flags.join("\n"));
}

function valueAction(flag: FlagSpec): string {
  if (flag.values === undefined) return ":";
  if (flag.values === "file") return '_serf_paths -f "$3"';
  if (flag.values === "directory") return '_serf_paths -d "$3"';
  return `_serf_words "${flag.values.join(" ")}" "$3"`;
}
