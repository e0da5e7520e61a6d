/** What is wrong with the simulated network: conditions of links, cuts, partitions. State only; the network rolls the dice. */
import { OptionError } from "../base/errors.ts";

/** How a link (in one direction) behaves. Ratios in [0, 1], times in milliseconds. */
export interface LinkConditions {
  /** The least time that a packet needs. @default {0.25} */
  latencyMs: number;
  /** A uniform extra of 0 to this is added to each packet, which reorders by itself. @default {0.5} */
  jitterMs: number;
  /** Chance that a packet is lost. A lost TCP segment is sent again, later. @default {0} */
  lossRatio: number;
  /** Chance that a datagram arrives twice, each copy with a jitter of its own. @default {0} */
  duplicateRatio: number;
  /** Chance that a datagram is held back. @default {0} */
  reorderRatio: number;
  /** A datagram that is held back waits a uniform 0 to this longer. @default {50} */
  reorderDelayMs: number;
  /** Chance that a TCP connection breaks in the middle of a message. @default {0} */
  breakRatio: number;
}

/** A quiet local network. */
export const QUIET_LINK: Readonly<LinkConditions> = Object.freeze({
  latencyMs: 0.25,
  jitterMs: 0.5,
  lossRatio: 0,
  duplicateRatio: 0,
  reorderRatio: 0,
  reorderDelayMs: 50,
  breakRatio: 0,
});

/** What a cut stops. */
export const CutKind = { datagrams: 1, exchanges: 2, all: 3 } as const;
export type CutKind = typeof CutKind[keyof typeof CutKind];

/** Bounds the packed key of a directed link below 2^53, with room to spare. */
const HOSTS_MAX = 1 << 20;

/**
 * The faults in force. Hosts are named by their address's text (`"10.0.0.1:7946"`) and known by a small index
 * inside. All directed: a fault from a to b says nothing about b to a.
 */
export class Faults {
  // Bounded: one entry per address that ever was on the network or in a fault.
  readonly #indices = new Map<string, number>();
  /** Partition group per host index; hosts that no partition names are in group -1 and reach everybody. */
  readonly #groups: number[] = [];
  // Bounded: one entry per directed link with conditions of its own.
  readonly #links = new Map<number, LinkConditions>();
  // Bounded: one entry per directed link that is cut.
  readonly #cuts = new Map<number, CutKind>();
  // Bounded: one entry per host that refuses.
  readonly #refusing = new Set<number>();
  #partition: "none" | "twoWay" | "oneWay" = "none";
  /** What was asked about and stopped: the proof that a fault met somebody. */
  readonly stopped = { byPartition: 0, byCut: 0 };
  #everywhere: LinkConditions = { ...QUIET_LINK };

  /** The small number of a host, given out at first sight. */
  indexOf(host: string): number {
    let index = this.#indices.get(host);
    if (index === undefined) {
      index = this.#indices.size;
      if (index >= HOSTS_MAX) {
        throw new OptionError("hosts", `The network has at most ${HOSTS_MAX} addresses`);
      }
      this.#indices.set(host, index);
      this.#groups.push(-1);
    }
    return index;
  }

  /** Sets conditions of every link that has none of its own. Fields left out stay as they are. */
  setEverywhere(conditions: Partial<LinkConditions>): void {
    this.#everywhere = validated({ ...this.#everywhere, ...conditions });
  }

  /** Gives the directed link conditions of its own: today's general ones, changed by `conditions`. */
  setLink(from: string, to: string, conditions: Partial<LinkConditions>): void {
    this.#links.set(this.#key(from, to), validated({ ...this.#everywhere, ...conditions }));
  }

  /** The directed link has no conditions of its own any more. */
  clearLink(from: string, to: string): void {
    this.#links.delete(this.#key(from, to));
  }

  /** Stops what goes from `from` to `to`. */
  cut(from: string, to: string, kind: CutKind = CutKind.all): void {
    this.#cuts.set(this.#key(from, to), kind);
  }

  /** Undoes {@linkcode cut}. */
  mend(from: string, to: string): void {
    this.#cuts.delete(this.#key(from, to));
  }

  /** Connections to `host` are refused from now on, as by a firewall; datagrams pass. */
  refuse(host: string): void {
    this.#refusing.add(this.indexOf(host));
  }

  /** Whether connections to a host index are refused though somebody may listen. */
  isRefusing(host: number): boolean {
    return this.#refusing.has(host);
  }

  /**
   * Splits the named hosts into groups that cannot reach each other. A partition in force is replaced.
   *
   * @param direction "oneWay" loses only what goes from an earlier group to a later one.
   */
  partition(groups: readonly (readonly string[])[], direction: "twoWay" | "oneWay" = "twoWay"): void {
    this.#groups.fill(-1);
    groups.forEach((hosts, group) => {
      for (const host of hosts) {
        const index = this.indexOf(host);
        this.#groups[index] = group;
      }
    });
    this.#partition = direction;
  }

  /** Ends partition, cuts and refusals. Conditions stay. */
  heal(): void {
    this.#refusing.clear();
    this.#partition = "none";
    this.#cuts.clear();
  }

  /** Whether something of this kind is stopped between two host indices. */
  isCut(from: number, to: number, kind: CutKind): boolean {
    if (this.#partition !== "none" && this.#separated(this.#groups[from]!, this.#groups[to]!)) {
      this.stopped.byPartition++;
      return true;
    }
    if (this.#cuts.size === 0 || ((this.#cuts.get(from * HOSTS_MAX + to) ?? 0) & kind) === 0) return false;
    this.stopped.byCut++;
    return true;
  }

  /** Whether these conditions are a link's own, not those of all. */
  isOwn(conditions: LinkConditions): boolean {
    return conditions !== this.#everywhere;
  }

  /** The conditions between two host indices. */
  conditions(from: number, to: number): LinkConditions {
    if (this.#links.size === 0) return this.#everywhere;
    return this.#links.get(from * HOSTS_MAX + to) ?? this.#everywhere;
  }

  #separated(from: number, to: number): boolean {
    if (from < 0 || to < 0 || from === to) return false;
    return this.#partition === "twoWay" || from < to;
  }

  #key(from: string, to: string): number {
    return this.indexOf(from) * HOSTS_MAX + this.indexOf(to);
  }
}

/** @throws {OptionError} naming the field. */
function validated(conditions: LinkConditions): LinkConditions {
  for (const field of ["lossRatio", "duplicateRatio", "reorderRatio", "breakRatio"] as const) {
    const ratio = conditions[field];
    if (!(ratio >= 0 && ratio <= 1)) throw new OptionError(field, `${field} is between 0 and 1`);
  }
  for (const field of ["latencyMs", "jitterMs", "reorderDelayMs"] as const) {
    if (!(conditions[field] >= 0)) throw new OptionError(field, `${field} must not be negative`);
  }
  return conditions;
}
