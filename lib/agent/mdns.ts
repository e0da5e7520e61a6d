/** Finding the members of a cluster on the local network, and being found. surface.md 2.14. */
import type { Address } from "../base/address.ts";
import { type Clock, type Logger, LogLevel } from "../base/ports.ts";
import { Timer } from "../base/timer_heap.ts";
import { errorText } from "../base/error_text.ts";
import type { MulticastLink, Platform } from "../platform/platform.ts";
import { answersTo, encodeQuestion, endpointsIn, type MdnsService, serviceName } from "./mdns_packets.ts";

const PORT = 5353;
const GROUP_V4 = "224.0.0.251";
const GROUP_V6 = "ff02::fb";
const POLL_INTERVAL_MS = 60_000;
/** How long answers to a question are taken. */
const ANSWER_WINDOW_MS = 1_000;
/** Answers come in a bunch: they are joined together, once none has come for so long. */
const QUIET_MS = 100;
/** Endpoints that are remembered; of a stranger who invents more, only so many are tried. */
const SEEN_MAX = 4_096;
/** Endpoints that are joined at once. */
const BATCH_MAX = 256;

/** What is looked for, and what is said about ourselves. */
export interface MdnsOptions {
  /** Not empty. */
  readonly cluster: string;
  readonly nodeName: string;
  /** The advertised endpoint. */
  readonly address: Address;
  /** Empty for the default one. */
  readonly interfaceName: string;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Whether joins replay old user events. */
  readonly replay: boolean;
}

/**
 * ```
 * start --> asking --(ANSWER_WINDOW_MS)--> resting --(POLL_INTERVAL_MS since it asked)--> asking      any --stop--> stopped
 * ```
 * Answers all the while. What was found is joined once, whether that works or not: the cluster's own gossip, and its
 * reconnects, do the rest.
 */
export class Mdns {
  readonly #service: MdnsService;
  readonly #replay: boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #join: (addresses: readonly string[], replay: boolean) => Promise<number>;
  readonly #poll = new Timer(() => this.#ask());
  readonly #window = new Timer(() => this.#endAnswers());
  readonly #quiet = new Timer(() => this.#joinFound());
  // bounded: SEEN_MAX.
  readonly #seen = new Set<string>();
  // bounded: BATCH_MAX.
  #found: string[] = [];
  #link: MulticastLink | undefined = undefined;
  #endAnswers: () => void = () => {};

  /**
   * Begins to answer, and asks at once.
   * @param join as of the agent.
   * @throws {Error} when the network cannot be listened to, or the cluster's name is none for DNS.
   */
  static async start(
    options: MdnsOptions,
    platform: Pick<Platform, "clock" | "hostname" | "openMulticast">,
    logger: Logger,
    join: (addresses: readonly string[], replay: boolean) => Promise<number>,
  ): Promise<Mdns> {
    const { cluster, nodeName, address, interfaceName, ipv4, ipv6 } = options;
    const service = {
      service: serviceName(cluster),
      cluster,
      nodeName,
      hostName: platform.hostname(),
      address,
    };
    const mdns = new Mdns(service, options.replay, platform.clock, logger, join);
    const groups = [...ipv4 ? [GROUP_V4] : [], ...ipv6 ? [GROUP_V6] : []];
    mdns.#link = await platform.openMulticast({ interfaceName, port: PORT, groups }, (packet, reply) => {
      for (const answer of answersTo(packet, service)) reply(answer);
    });
    mdns.#ask();
    return mdns;
  }

  private constructor(
    service: MdnsService,
    replay: boolean,
    clock: Clock,
    logger: Logger,
    join: (addresses: readonly string[], replay: boolean) => Promise<number>,
  ) {
    this.#service = service;
    this.#replay = replay;
    this.#clock = clock;
    this.#logger = logger;
    this.#join = join;
  }

  /** Neither finds nor is found any more. Idempotent. */
  stop(): void {
    for (const timer of [this.#poll, this.#window, this.#quiet]) this.#clock.disarm(timer);
    this.#endAnswers();
    this.#link?.close();
    this.#link = undefined;
  }

  #ask(): void {
    if (this.#link === undefined) return;
    this.#clock.arm(this.#poll, POLL_INTERVAL_MS);
    this.#clock.arm(this.#window, ANSWER_WINDOW_MS);
    const { service } = this.#service;
    this.#endAnswers = this.#link.ask(
      encodeQuestion(service),
      (packet) => endpointsIn(packet, service).forEach((endpoint) => this.#onFound(endpoint)),
      (error) => this.#log(LogLevel.error, `Failed to poll for new hosts: ${errorText(error)}`),
    );
  }

  #onFound(endpoint: string): void {
    if (this.#seen.has(endpoint) || this.#found.length >= BATCH_MAX || this.#seen.size >= SEEN_MAX) return;
    this.#seen.add(endpoint);
    this.#found.push(endpoint);
    this.#clock.arm(this.#quiet, QUIET_MS);
  }

  #joinFound(): void {
    const found = this.#found;
    this.#found = [];
    this.#join(found, this.#replay).then(
      (count) => {
        if (count > 0 && this.#link !== undefined) this.#log(LogLevel.info, `Joined ${count} hosts`);
      },
      (error) => {
        if (this.#link !== undefined) this.#log(LogLevel.error, `Failed to join: ${errorText(error)}`);
      },
    );
  }

  #log(level: LogLevel, text: string): void {
    this.#logger.log(level, `agent.mdns: ${text}`);
  }
}
