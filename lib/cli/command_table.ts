/** Every command there is, by name. The modules are loaded one at a time: start-up is what people wait for. */
import type { Command } from "./command.ts";

/** A command that has not been loaded yet. */
export interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly synopsis: string;
  load(): Promise<Command>;
}

/** Sorted by name. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "agent",
    synopsis: "Runs a Serf agent",
    load: async () => (await import("./commands/agent.ts")).agent,
  },
  {
    name: "event",
    synopsis: "Send a custom event through the Serf cluster",
    load: async () => (await import("./commands/event.ts")).event,
  },
  {
    name: "force-leave",
    synopsis: 'Forces a member of the cluster to enter the "left" state',
    load: async () => (await import("./commands/force_leave.ts")).forceLeave,
  },
  {
    name: "info",
    synopsis: "Provides debugging information for operators",
    load: async () => (await import("./commands/info.ts")).info,
  },
  {
    name: "join",
    synopsis: "Tell Serf agent to join cluster",
    load: async () => (await import("./commands/join.ts")).join,
  },
  {
    name: "keygen",
    synopsis: "Generates a new encryption key",
    load: async () => (await import("./commands/keygen.ts")).keygen,
  },
  {
    name: "keys",
    synopsis: "Manipulate the internal encryption keyring used by Serf",
    load: async () => (await import("./commands/keys.ts")).keys,
  },
  {
    name: "leave",
    synopsis: "Gracefully leaves the Serf cluster and shuts down",
    load: async () => (await import("./commands/leave.ts")).leave,
  },
  {
    name: "members",
    synopsis: "Lists the members of a Serf cluster",
    load: async () => (await import("./commands/members.ts")).members,
  },
  {
    name: "monitor",
    synopsis: "Stream logs from a Serf agent",
    load: async () => (await import("./commands/monitor.ts")).monitor,
  },
  {
    name: "query",
    synopsis: "Send a query to the Serf cluster",
    load: async () => (await import("./commands/query.ts")).query,
  },
  {
    name: "reachability",
    synopsis: "Test network reachability",
    load: async () => (await import("./commands/reachability.ts")).reachability,
  },
  {
    name: "rtt",
    synopsis: "Estimates network round trip time between nodes",
    load: async () => (await import("./commands/rtt.ts")).rtt,
  },
  {
    name: "sim",
    synopsis: "Simulates a cluster, and shows how it behaves",
    load: async () => (await import("./commands/sim.ts")).sim,
  },
  {
    name: "tags",
    synopsis: "Modify tags of a running Serf agent",
    load: async () => (await import("./commands/tags.ts")).tags,
  },
  {
    name: "version",
    synopsis: "Prints the Serf version",
    load: async () => (await import("./commands/version.ts")).version,
  },
];
