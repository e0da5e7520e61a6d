/** A node that runs Serf. */
import type { Address } from "../base/address.ts";
import type { JoinFailure } from "../base/errors.ts";
import type { Storage, TransportSink } from "../base/ports.ts";
import type { Keyring } from "../memberlist/keyring.ts";
import type { Memberlist } from "../memberlist/memberlist.ts";
import type { MemberlistOptions } from "../memberlist/options.ts";
import type { QueryEvent, SerfEvent, UserEvent } from "../serf/events.ts";
import type { SaveKeys } from "../serf/key_queries.ts";
import { MEMBER_STATUS_NAMES } from "../serf/member.ts";
import { resolveSerfOptions, type SerfOptions } from "../serf/options.ts";
import { Serf } from "../serf/serf.ts";
import { encodeTags } from "../serf/tags.ts";
import type { LifePorts } from "./shared_tables.ts";
import type { SimLife, SimNode } from "./sim_node.ts";
import { SIM_REGEX } from "./sim_regex.ts";

/** What a scenario may choose for one node. */
export interface SerfLifeOptions {
  readonly options?: Partial<Omit<SerfOptions, "memberlist">> | undefined;
  readonly memberlist?: Partial<MemberlistOptions> | undefined;
  readonly keyring?: Keyring | undefined;
  readonly saveKeys?: SaveKeys | undefined;
  /** Where this life keeps its snapshot. */
  readonly storage?: Storage | undefined;
  /** Told of every query that is meant for the node. */
  readonly onQuery?: ((query: QueryEvent) => void) | undefined;
  /** Told of everything that the node is told. */
  readonly onEvent?: ((event: SerfEvent) => void) | undefined;
  /** Told when the node has shut itself down. */
  readonly onQuit?: (() => void) | undefined;
}

/** How one node's Serf sees a member; "unknown" when it does not. */
export type MemberSight = typeof MEMBER_STATUS_NAMES[number] | "unknown";

/** One run of Serf. Its events are recorded under Serf's names, one per member; user events and queries by theirs. */
export class SerfLife implements SimLife {
  readonly serf: Serf;
  /** As they were delivered. */
  readonly userEvents: UserEvent[] = [];
  readonly queries: QueryEvent[] = [];
  /** Whether it shut itself down. */
  quit = false;
  readonly #delegateProtocol: number;

  constructor(node: SimNode<SerfLife>, ports: LifePorts, chosen: SerfLifeOptions) {
    const options = resolveSerfOptions({
      ...chosen.options,
      memberlist: { ...chosen.memberlist, name: node.name },
    });
    this.#delegateProtocol = options.memberlist.delegateProtocol;
    const serfPorts = {
      ...ports,
      regex: SIM_REGEX,
      saveKeys: chosen.saveKeys,
      storage: chosen.storage,
      onSelfShutdown: () => {
        this.quit = true;
        chosen.onQuit?.();
      },
    };
    this.serf = new Serf(options, { address: node.address }, serfPorts, (event) => {
      this.#onEvent(node, event, chosen);
    }, chosen.keyring);
  }

  #onEvent(node: SimNode<SerfLife>, event: SerfEvent, chosen: SerfLifeOptions): void {
    if (event.type === "user") {
      this.userEvents.push(event);
      node.record(event.type, event.name);
    } else if (event.type === "query") {
      this.queries.push(event);
      node.record(event.type, event.name);
      chosen.onQuery?.(event);
    } else {
      for (const member of event.members) node.record(event.type, member.name);
    }
    chosen.onEvent?.(event);
  }

  get memberlist(): Memberlist {
    return this.serf.memberlist;
  }

  get sink(): TransportSink {
    return this.serf.memberlist;
  }

  get meta(): Uint8Array {
    return encodeTags(this.serf.tags, this.#delegateProtocol);
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

  /** How this node sees `name`. */
  sight(name: string): MemberSight {
    const member = this.serf.member(name);
    return member === undefined ? "unknown" : MEMBER_STATUS_NAMES[member.status];
  }

  /** How this node sees all its members: `{n0: "alive", n1: "failed"}`. */
  get view(): Record<string, MemberSight> {
    return Object.fromEntries(
      this.serf.members().map(({ name, status }) => [name, MEMBER_STATUS_NAMES[status]]),
    );
  }

  /** Replaces the tags. */
  setTags(tags: Record<string, string>, done: (error?: Error) => void = () => {}): void {
    this.serf.setTags(new Map(Object.entries(tags)), done);
  }
}
