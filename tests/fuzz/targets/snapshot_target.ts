/** The snapshot, compared with a second, plainer way of reading it. */
import fc from "fast-check";
import { Address, parseIp } from "../../../lib/base/address.ts";
import { splitHostPort } from "../../../lib/base/host_port.ts";
import { compactText, replaySnapshot } from "../../../lib/serf/snapshot_lines.ts";
import { decodeText, encodeText } from "../../../lib/wire/text.ts";
import { Digest } from "../support/digest.ts";
import type { Target } from "../support/target.ts";
import { utf8 } from "./text_target.ts";

/** What a snapshot tells, who was alive in order. */
interface Told {
  readonly alive: readonly (readonly [name: string, address: string])[];
  readonly clocks: readonly number[];
  readonly isClean: boolean;
  readonly warnings: number;
  readonly ignored: number;
}

function told(bytes: Uint8Array, rejoinAfterLeave: boolean): Told {
  let warnings = 0, ignored = 0;
  const context = { rejoinAfterLeave, warn: () => warnings++, onLeaveIgnored: () => ignored++ };
  const { state, isClean } = replaySnapshot(bytes, context);
  const alive = [...state.alive].map(([name, address]) => [name, `${address}`] as const);
  return { alive, clocks: [state.clock, state.eventClock, state.queryClock], isClean, warnings, ignored };
}

const CLOCKS = ["clock", "event-clock", "query-clock"];
const LAST_TIME = 2n ** 53n - 2n;

/** What ought to be told. */
function plainlyTold(bytes: Uint8Array, rejoinAfterLeave: boolean): Told {
  const text = decodeText(bytes, 0, bytes.length);
  const lines = text.split("\n");
  const torn = lines.pop();
  let alive: (readonly [name: string, address: string])[] = [];
  let clocks = [0, 0, 0];
  let warnings = 0, ignored = 0;
  for (const line of lines.map((each) => each.replace(/^\0+/, ""))) {
    if (/\0|^#|^coordinate: /.test(line)) continue;
    if (line === "leave") {
      if (rejoinAfterLeave) ignored++;
      else [alive, clocks] = [[], [0, 0, 0]];
      continue;
    }
    const [, kind, value] = /^(.*?): (.*)$/s.exec(line) ?? [];
    const clock = CLOCKS.indexOf(kind ?? "");
    const [, name, address] = kind === "alive" ? /^(.*) (.*)$/s.exec(value!) ?? [] : [];
    if (kind === "not-alive") alive = alive.filter(([known]) => known !== value);
    else if (clock >= 0 && /^[0-9]+$/.test(value!) && BigInt(value!) <= LAST_TIME) {
      clocks[clock] = Number(value);
    } else if (name !== undefined && plainAddress(address!) !== undefined) {
      alive = [...alive.filter(([known]) => known !== name), [name, plainAddress(address!)!]];
    } else warnings++;
  }
  return { alive, clocks, isClean: torn === "" && !text.includes("\0"), warnings, ignored };
}

/** As it is written, or undefined when it is none. */
function plainAddress(text: string): string | undefined {
  const [, v6, v4, port] = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([0-9]{1,5})$/.exec(text) ?? [];
  const ip = parseIp(v6 ?? v4 ?? "");
  return ip === undefined || Number(port) > 65_535 ? undefined : `${Address.fromBytes(ip, Number(port))}`;
}

function parsedAddress(text: string): Address {
  const { host, port } = splitHostPort(text);
  return Address.fromHost(host, Number(port));
}

/** One that lives on: what `decode` returns of what was written at once. */
function living(alive: Told["alive"], clocks: Told["clocks"]): Told {
  return { alive, clocks, isClean: true, warnings: 0, ignored: 0 };
}

/** The snapshot that nodes write and read. */
export const snapshots: Target = {
  name: "snapshot",
  seeds: [
    "alive: a 10.0.0.1:7946\nalive: the peer [fd00::1]:7946\nnot-alive: b\nclock: 72\nevent-clock: 16\n" +
    "query-clock: 3\ncoordinate: {}\n# c\n",
    "clock: 7\nevent-clock: 4\nquery-clock: 9\nalive: a 10.0.0.1:1\nleave\nclock: 8\n",
    "alive: a 10.0.0.1:1\nalive: b 10.0.0.2:65535\nalive: a 10.0.0.3:65536\nalive: a 10.0.0.4:3\nnot-alive: b\n",
    "alive: nospace\nclock: x\nevent-clock: -1\nquery-clock: 99999999999999999999999\nbogus line\n\nnot-alive: zz\n",
    "clock: 9007199254740990\nclock: 9007199254740991\nevent-clock: 1e3\nclock: \nquery-clock: 0x10\n",
    "\0\0\0alive: n 1.2.3.4:5\nclock: 9007199254740992\nalive: torn 1.2.3",
  ].map(utf8),
  words: [
    "\n",
    "\0",
    " ",
    ": ",
    "alive: ",
    "not-alive: ",
    "clock: ",
    "leave\n",
    "[::1]:1",
    "1.2.3.4:65535",
    "\xff",
    "0",
  ]
    .map(utf8),
  generated: fc.tuple(
    // Names may hold spaces; printable ones are enough here.
    fc.uniqueArray(
      fc.tuple(fc.string({ maxLength: 12 }), fc.constantFrom("1.2.3.4:5", "[fd00::1]:7946")),
      { maxLength: 4, selector: ([name]) => name },
    ),
    fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  ).map(([alive, clocks]) => living(alive, clocks)),
  refusals: [],
  begin: () => ({
    decode(bytes, start, end) {
      const snapshot = bytes.subarray(start, end);
      for (const rejoinAfterLeave of [true, false]) {
        const seen = new Digest(told(snapshot, rejoinAfterLeave)).hash;
        if (seen !== new Digest(plainlyTold(snapshot, rejoinAfterLeave)).hash) {
          throw new Error("the lines are read otherwise than they ought to be");
        }
      }
      const { alive, clocks } = told(snapshot, false);
      return living(alive, clocks);
    },
    encode(value) {
      const { alive, clocks: [clock, eventClock, queryClock] } = value as Told;
      const addresses = new Map(alive.map(([name, address]) => [name, parsedAddress(address)]));
      const state = { alive: addresses, clock: clock!, eventClock: eventClock!, queryClock: queryClock! };
      return encodeText(compactText(state, false));
    },
  }),
};
