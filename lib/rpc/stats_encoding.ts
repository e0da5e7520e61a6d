/**
 * The reply to `stats`. Like members, its sections change rarely and are asked for often: each is kept encoded until the
 * agent gives another object for it.
 */
import { MsgpackWriter } from "../wire/msgpack_writer.ts";

/** Values by their names. */
type Section = Readonly<Record<string, string>>;

interface KeptSection {
  source: Section;
  bytes: Uint8Array;
}

/** Writes reports. One per server. */
export class StatsEncoder {
  /** bounded: one per section that the agent has. */
  readonly #kept = new Map<string, KeptSection>();
  readonly #scratch = new MsgpackWriter(512, "new");

  /**
   * Appends the report: sections of names and values, in their own order.
   * @param stats a section that is the same object as before has the same values as before.
   */
  encode(writer: MsgpackWriter, stats: Readonly<Record<string, Section>>): void {
    let count = 0;
    for (const _ in stats) count++;
    writer.mapHeader(count);
    for (const name in stats) writer.raw(this.#encoded(name, stats[name]!));
  }

  #encoded(name: string, section: Section): Uint8Array {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.source === section) return kept.bytes;
    const pairs = Object.entries(section);
    this.#scratch.reset();
    this.#scratch.string(name).mapHeader(pairs.length);
    for (const [key, value] of pairs) this.#scratch.string(key).string(value);
    const bytes = this.#scratch.copy();
    this.#kept.set(name, { source: section, bytes });
    return bytes;
  }
}
