/** Whether a query is meant for this node. protocol.md D.5. */
import { WireError } from "../base/errors.ts";
import { LogLimiter } from "../base/log_limiter.ts";
import { type Clock, type Logger, LogLevel, type RegexMatcher } from "../base/ports.ts";
import { decodeFilter, type QueryFilter } from "./query_messages.ts";

type TagFilter = Extract<QueryFilter, { kind: "tag" }>;

/** More filters than any operator types: such a query is not for us. */
const FILTERS_MAX = 256;
/** Each expression costs up to some milliseconds to match. */
const TAG_FILTERS_MAX = 8;
/** Queries whose expressions wait to be matched; more of them are not for us. */
const WAITING_MAX = 256;
const LOG_BURST = 10;
const LOG_PER_SECOND = 1;

/** Filters have to match all; one that cannot be read matches nobody. */
export class QueryFilters {
  readonly #localName: string;
  readonly #tags: () => ReadonlyMap<string, string>;
  readonly #regex: RegexMatcher;
  readonly #limiter: LogLimiter;
  #waiting = 0;

  /** @param tags ours, as they are now. */
  constructor(
    localName: string,
    clock: Clock,
    logger: Logger,
    tags: () => ReadonlyMap<string, string>,
    regex: RegexMatcher,
  ) {
    this.#localName = localName;
    this.#tags = tags;
    this.#regex = regex;
    this.#limiter = new LogLimiter(clock, logger, LOG_BURST, LOG_PER_SECOND);
  }

  /**
   * @param filters encoded; borrowed for the call.
   * @param accept called if they all match: at once when there are names alone, else when the expressions are matched.
   */
  check(filters: readonly Uint8Array[], accept: () => void): void {
    const tagFilters = this.#matchNames(filters);
    if (tagFilters === undefined) return;
    if (tagFilters.length === 0) return accept();
    if (this.#waiting >= WAITING_MAX) return;
    this.#waiting++;
    this.#matchTags(tagFilters, 0, (matched) => {
      this.#waiting--;
      if (matched) accept();
    });
  }

  /** @returns what is left to match; undefined when it is not for us. */
  #matchNames(filters: readonly Uint8Array[]): TagFilter[] | undefined {
    if (filters.length > FILTERS_MAX) return undefined;
    const tagFilters: TagFilter[] = [];
    try {
      for (const bytes of filters) {
        const filter = decodeFilter(bytes);
        if (filter.kind === "tag") tagFilters.push(filter);
        else if (!filter.names.includes(this.#localName)) return undefined;
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return undefined;
    }
    return tagFilters.length <= TAG_FILTERS_MAX ? tagFilters : undefined;
  }

  #matchTags(filters: readonly TagFilter[], index: number, done: (matched: boolean) => void): void {
    if (index === filters.length) return done(true);
    const { tag, expr } = filters[index]!;
    this.#regex.matches(expr, this.#tags().get(tag) ?? "", (matched, fault) => {
      if (matched) return this.#matchTags(filters, index + 1, done);
      if (matched === undefined) {
        this.#limiter.log(LogLevel.warn, `serf: failed to compile filter regex (${expr}): ${fault}`);
      }
      done(false);
    });
  }
}
