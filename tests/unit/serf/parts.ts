/** All parts of one Serf over fake ports, without memberlist. */
import { SeededRandom } from "../../../lib/base/seeded_random.ts";
import type { Keyring } from "../../../lib/memberlist/keyring.ts";
import type { QueryEvent, UserEvent } from "../../../lib/serf/events.ts";
import type { Member, MemberEvent } from "../../../lib/serf/member.ts";
import { MEMBER_STATUS_NAMES } from "../../../lib/serf/member.ts";
import { encodeTags } from "../../../lib/serf/tags.ts";
import { encodeQuery, type QueryMessage } from "../../../lib/serf/query_messages.ts";
import { resolveSerfOptions, type SerfOptionOverrides } from "../../../lib/serf/options.ts";
import { createSerfParts } from "../../../lib/serf/serf_parts.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SIM_REGEX } from "../../../lib/sim/sim_regex.ts";
import { MsgpackWriter } from "../../../lib/wire/msgpack_writer.ts";
import { FakeSink, makeNode, RecordingLogger } from "./fakes.ts";

/** The local node is called "me"; it and whoever is named are alive members. */
export function partsFixture(
  names: string[] = [],
  { memberlist, ...options }: Partial<SerfOptionOverrides> = {},
  keys: { keyring?: Keyring; saveKeys?: (keys: readonly Uint8Array[]) => void } = {},
) {
  const clock = new SimClock();
  const logger = new RecordingLogger();
  const events: MemberEvent[] = [];
  const userEvents: UserEvent[] = [];
  const queries: QueryEvent[] = [];
  const sent: { to: string; message: Uint8Array }[] = [];
  const world = { staying: true, minorities: 0, tags: new Map<string, string>() };
  const transport = { sendPacket: () => true, openExchange: () => {} };
  const ports = { clock, logger, random: new SeededRandom(1), transport, regex: SIM_REGEX, ...keys };
  const parts = createSerfParts(
    resolveSerfOptions({ ...options, memberlist: { ...memberlist, name: "me" } }),
    ports,
    keys.keyring,
    {
      onEvent: (event) => {
        if (event.type === "user") userEvents.push(event);
        else if (event.type === "query") queries.push(event);
        else events.push(event);
      },
      onQueued: () => {},
      send: (to, message) => sent.push({ to: `${to}`, message: message.slice() }),
      connect: () => {},
      isStaying: () => world.staying,
      localMeta: () => encodeTags(new Map(), 5),
      localTags: () => world.tags,
      local: () => makeNode("me"),
      nodeCount: () => parts.table.size,
      onMinority: () => world.minorities++,
    },
  );
  const { delegate } = parts;
  for (const name of ["me", ...names]) delegate.onNodeJoin(makeNode(name));
  events.length = 0;
  logger.take();
  const view = () =>
    Object.fromEntries(parts.table.all.map((m: Member) => [m.name, MEMBER_STATUS_NAMES[m.status]]));
  /** What waits to be gossiped, each message once, without memberlist's type byte. */
  const queued = () => {
    const sink = new FakeSink(100_000);
    delegate.fillBroadcasts(sink);
    return sink.messages.map((message) => message.subarray(1));
  };
  return {
    ...parts,
    clock,
    logger,
    events,
    heardEvents: userEvents,
    heardQueries: queries,
    sent,
    world,
    view,
    queued,
  };
}

/** The bytes that `write` writes. */
export function encoded(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter();
  write(writer);
  return writer.copy();
}

/** A whole query message, as it comes from 127.0.0.2:7000 but for `fields`. */
export function queryMessage(fields: Partial<QueryMessage>): Uint8Array {
  return encoded((writer) =>
    encodeQuery(writer, {
      lTime: 5,
      id: 77,
      addr: Uint8Array.of(127, 0, 0, 2),
      port: 7000,
      sourceNode: "asker",
      filters: [],
      flags: 0,
      relayFactor: 0,
      timeoutNs: 3_200_000_000,
      name: "load",
      payload: null,
      ...fields,
    })
  );
}
