/** A few Serf nodes in one simulated world. */
import type { JoinFailure } from "../../../lib/base/errors.ts";
import type { Address } from "../../../lib/base/address.ts";
import { LogLevel } from "../../../lib/base/ports.ts";
import type { CorePorts, TransportSink } from "../../../lib/base/ports.ts";
import type { Keyring } from "../../../lib/memberlist/keyring.ts";
import type { Memberlist } from "../../../lib/memberlist/memberlist.ts";
import type { SerfEvent } from "../../../lib/serf/events.ts";
import { MEMBER_STATUS_NAMES, type MemberEvent } from "../../../lib/serf/member.ts";
import { resolveSerfOptions, type SerfOptionOverrides } from "../../../lib/serf/options.ts";
import { Serf } from "../../../lib/serf/serf.ts";
import { encodeTags } from "../../../lib/serf/tags.ts";
import { SIM_REGEX } from "../../../lib/sim/sim_regex.ts";
import { SimCluster } from "../../../lib/sim/sim_cluster.ts";
import type { SimLife, SimNode } from "../../../lib/sim/sim_node.ts";

/** What a test chooses for one node. */
export interface SerfChoice {
  readonly options?: Omit<SerfOptionOverrides, "memberlist">;
  readonly memberlist?: Omit<SerfOptionOverrides["memberlist"], "name">;
  readonly keyring?: Keyring;
}

/** One run of Serf. */
export class SerfLife implements SimLife {
  readonly serf: Serf;
  readonly events: MemberEvent[] = [];

  constructor(node: SimNode<SerfLife>, ports: CorePorts, choice: SerfChoice) {
    const options = resolveSerfOptions({
      ...choice.options,
      memberlist: { ...choice.memberlist, name: node.name },
    });
    const onEvent = (event: SerfEvent) => {
      if (event.type === "user" || event.type === "query") return;
      this.events.push(event);
      for (const member of event.members) node.record(event.type, member.name);
    };
    const serfPorts = { ...ports, regex: SIM_REGEX };
    this.serf = new Serf(options, { address: node.address }, serfPorts, onEvent, choice.keyring);
  }

  get memberlist(): Memberlist {
    return this.serf.memberlist;
  }

  get sink(): TransportSink {
    return this.serf.memberlist;
  }

  get meta(): Uint8Array {
    return encodeTags(this.serf.tags, 5);
  }

  start(): void {
    this.serf.start();
  }

  stop(): void {
    this.serf.shutdown();
  }

  join(
    addresses: readonly Address[],
    done: (contacted: number, failures: readonly JoinFailure[]) => void,
  ): void {
    this.serf.join(addresses, false, (result) => done(result.contacted, result.failures));
  }

  leave(done: (error?: Error) => void): void {
    this.serf.leave(done);
  }

  /** `{n0: "alive", n1: "failed"}`. */
  get view(): Record<string, string> {
    const entries = this.serf.members().map((member) => [member.name, MEMBER_STATUS_NAMES[member.status]]);
    return Object.fromEntries(entries.sort());
  }
}

/** A cluster that is not started yet. */
export function serfCluster(
  size: number,
  choose: (node: SimNode<SerfLife>) => SerfChoice = () => ({}),
  seed = 1,
): SimCluster<SerfLife> {
  const options = { seed, size, logLevel: LogLevel.trace };
  return new SimCluster<SerfLife>(options, (node, ports) => new SerfLife(node, ports, choose(node)));
}

/** A cluster that was formed through node 0, with time for the join intents to get round. */
export function formedCluster(
  size: number,
  choose: (node: SimNode<SerfLife>) => SerfChoice = () => ({}),
  seed = 1,
): SimCluster<SerfLife> {
  const cluster = serfCluster(size, choose, seed);
  cluster.form();
  cluster.runFor(3000);
  return cluster;
}

/** Runs until every running node sees `name` with this status ("unknown" when erased). @returns whether it came so. */
export function untilAllSee(
  cluster: SimCluster<SerfLife>,
  name: string,
  status: string,
  limitMs: number,
): boolean {
  return cluster.runUntil(
    () => cluster.running.every((node) => (node.life.view[name] ?? "unknown") === status),
    limitMs,
  );
}
