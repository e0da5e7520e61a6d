# bash completion for serf(1). Generated from the command table by `deno task docs`.

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
    "agent -bind") : ;;
    "agent -iface") : ;;
    "agent -advertise") : ;;
    "agent -rpc-addr") : ;;
    "agent -profile") _serf_words "lan wan local" "$3" ;;
    "agent -protocol") : ;;
    "agent -broadcast-timeout") : ;;
    "agent -join") : ;;
    "agent -retry-join") : ;;
    "agent -retry-interval") : ;;
    "agent -retry-max") : ;;
    "agent -discover") : ;;
    "agent -mdns-iface") : ;;
    "agent -node") : ;;
    "agent -tag") : ;;
    "agent -tags-file") _serf_paths -f "$3" ;;
    "agent -role") : ;;
    "agent -encrypt") : ;;
    "agent -keyring-file") _serf_paths -f "$3" ;;
    "agent -config-file") _serf_paths -f "$3" ;;
    "agent -config-dir") _serf_paths -d "$3" ;;
    "agent -log-level") _serf_words "trace debug info warn err" "$3" ;;
    "agent -event-handler") : ;;
    "agent -snapshot") _serf_paths -f "$3" ;;
    "event -rpc-addr") : ;;
    "event -rpc-auth") : ;;
    "force-leave -rpc-addr") : ;;
    "force-leave -rpc-auth") : ;;
    "info -format") _serf_words "text json" "$3" ;;
    "info -rpc-addr") : ;;
    "info -rpc-auth") : ;;
    "join -rpc-addr") : ;;
    "join -rpc-auth") : ;;
    "keys -install") : ;;
    "keys -use") : ;;
    "keys -remove") : ;;
    "keys -rpc-addr") : ;;
    "keys -rpc-auth") : ;;
    "leave -rpc-addr") : ;;
    "leave -rpc-auth") : ;;
    "members -format") _serf_words "text json" "$3" ;;
    "members -name") : ;;
    "members -role") : ;;
    "members -status") : ;;
    "members -tag") : ;;
    "members -rpc-addr") : ;;
    "members -rpc-auth") : ;;
    "monitor -log-level") _serf_words "trace debug info warn err" "$3" ;;
    "monitor -rpc-addr") : ;;
    "monitor -rpc-auth") : ;;
    "query -format") _serf_words "text json" "$3" ;;
    "query -node") : ;;
    "query -tag") : ;;
    "query -timeout") : ;;
    "query -relay-factor") : ;;
    "query -rpc-addr") : ;;
    "query -rpc-auth") : ;;
    "reachability -rpc-addr") : ;;
    "reachability -rpc-auth") : ;;
    "rtt -rpc-addr") : ;;
    "rtt -rpc-auth") : ;;
    "sim -nodes") : ;;
    "sim -profile") _serf_words "lan wan local" "$3" ;;
    "sim -loss") : ;;
    "sim -latency") : ;;
    "sim -duplicate") : ;;
    "sim -reorder") : ;;
    "sim -partition") : ;;
    "sim -slow") : ;;
    "sim -kill") : ;;
    "sim -churn") : ;;
    "sim -event") : ;;
    "sim -duration") : ;;
    "sim -seed") : ;;
    "sim -format") _serf_words "text json svg" "$3" ;;
    "tags -rpc-addr") : ;;
    "tags -rpc-auth") : ;;
    "tags -set") : ;;
    "tags -delete") : ;;
    *) return 1 ;;
  esac
}

_serf() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= i
  COMPREPLY=()
  # bash takes "-flag=value" for three words.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" && $COMP_CWORD -ge 2 ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} != -* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done
  if [[ -z $command ]]; then
    _serf_words "agent event force-leave info join keygen keys leave members monitor query reachability rtt sim tags version --help --version" "$current"
    return
  fi
  if [[ $previous == --* ]]; then previous=${previous#-}; fi
  if [[ $previous == -* ]] && _serf_value "$command" "$previous" "$current"; then
    return
  fi
  local dash=-
  [[ $current == --* ]] && dash=--
  if [[ $current == -* ]]; then
    case $command in
      agent) _serf_words "${dash}bind ${dash}iface ${dash}advertise ${dash}rpc-addr ${dash}profile ${dash}protocol ${dash}disable-compression ${dash}broadcast-timeout ${dash}join ${dash}replay ${dash}retry-join ${dash}retry-interval ${dash}retry-max ${dash}discover ${dash}mdns-iface ${dash}mdns-disable-ipv4 ${dash}mdns-disable-ipv6 ${dash}node ${dash}tag ${dash}tags-file ${dash}role ${dash}encrypt ${dash}keyring-file ${dash}config-file ${dash}config-dir ${dash}log-level ${dash}syslog ${dash}event-handler ${dash}snapshot ${dash}rejoin" "$current" ;;
      event) _serf_words "${dash}coalesce ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      force-leave) _serf_words "${dash}rpc-addr ${dash}rpc-auth ${dash}prune" "$current" ;;
      info) _serf_words "${dash}format ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      join) _serf_words "${dash}replay ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      keys) _serf_words "${dash}install ${dash}use ${dash}remove ${dash}list ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      leave) _serf_words "${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      members) _serf_words "${dash}detailed ${dash}format ${dash}name ${dash}role ${dash}status ${dash}tag ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      monitor) _serf_words "${dash}log-level ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      query) _serf_words "${dash}format ${dash}node ${dash}tag ${dash}timeout ${dash}no-ack ${dash}relay-factor ${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      reachability) _serf_words "${dash}rpc-addr ${dash}rpc-auth ${dash}verbose" "$current" ;;
      rtt) _serf_words "${dash}rpc-addr ${dash}rpc-auth" "$current" ;;
      sim) _serf_words "${dash}nodes ${dash}profile ${dash}loss ${dash}latency ${dash}duplicate ${dash}reorder ${dash}partition ${dash}slow ${dash}kill ${dash}churn ${dash}event ${dash}duration ${dash}seed ${dash}format" "$current" ;;
      tags) _serf_words "${dash}rpc-addr ${dash}rpc-auth ${dash}set ${dash}delete" "$current" ;;
    esac
  fi
}

complete -F _serf serf
