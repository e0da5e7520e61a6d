/** Measures one agent that knows n members, who do not exist but for a thread that answers for them. */
import { encodeAlive } from "../../lib/memberlist/messages.ts";
import { encodeCompound } from "../../lib/wire/compound.ts";
import { MsgpackWriter } from "../../lib/wire/msgpack_writer.ts";
import type { RunningAgent } from "../../tests/support/agents.ts";
import { encodeMembers, injectMembers, MEMBER_VERSIONS, memberIp, memberName } from "../bench/inject.ts";
import { cpuMicros, cpuPerOperation, median, memoryKib, sleep } from "../bench/measure.ts";
import type { Side } from "../bench/meter.ts";
import { encodePing, floodPackets } from "../bench/ping_flood.ts";
import { type Responder, settled, startResponder } from "../bench/responder.ts";
import { RpcFlood } from "../bench/rpc_rate.ts";
import { AGENT_NAME, startAgent } from "../bench/subjects.ts";
import type { Measured } from "./figures.ts";

/** News of 10 000 members is out after about 150 s of `local` gossip. */
const SETTLE_MS_MAX = 240_000;
/** Compilers and collectors of both programs are done by then. */
const WARM_MS = 60_000;
/** Each member probes one other in a second, and so each is probed once a second on average. */
const PROBED_EVERY_MS = 1_000;
const REST_MS = 10_000;
/** Of so many stretches of rest the middle one counts: in one may fall a collection, or a push/pull of the agent's own. */
const RESTS = 3;
const REQUESTS = 31;
const ALIVES = 8;
const PACKETS = 10_000;
/** So many different packets; they name so many members. */
const PACKET_KINDS = 512;

type Rest = Pick<Measured, "restCpuMs" | "restBytes">;

/** An agent, and who answers for the members that it knows. */
export class GrowthSubject {
  readonly #startedMs = performance.now();

  private constructor(
    readonly members: number,
    readonly agent: RunningAgent,
    readonly responder: Responder,
    readonly mergeBytes: number,
  ) {}

  /** Starts the agent and gives it its members; what it tells about them takes a while: see `settle`. */
  static async start(side: Side, members: number): Promise<GrowthSubject> {
    const host = `${side.network}.${20 + Math.round(Math.log10(members))}`;
    const agent = await startAgent(side, host, ["-profile=local"]);
    const responder = await startResponder();
    try {
      await injectMembers(host, members, responder.port);
      // From now on both sides of a push/pull know everybody.
      const reply = await injectMembers(host, members, responder.port);
      const bytes = encodeMembers(members, responder.port).length + reply;
      return new GrowthSubject(members, agent, responder, bytes);
    } catch (error) {
      responder.close();
      await agent.kill();
      throw error;
    }
  }

  /** Waits until all news is told, and has the agent probed from now on. A minute at least. */
  async settle(): Promise<void> {
    const isSettled = await settled(this.responder, SETTLE_MS_MAX);
    if (!isSettled) console.error(`${this.members} members: still telling news after ${SETTLE_MS_MAX} ms`);
    this.responder.ping(this.agent.spec.host, AGENT_NAME, PROBED_EVERY_MS);
    await sleep(Math.max(0, this.#startedMs + WARM_MS - performance.now()));
  }

  /** Takes all figures once. */
  async measure(): Promise<Measured> {
    const rests: Rest[] = [];
    for (let i = 0; i < RESTS; i++) rests.push(await this.#rest());
    const { anonymous } = await memoryKib(this.agent.pid);
    return {
      restCpuMs: median(rests.map((rest) => rest.restCpuMs)),
      restBytes: median(rests.map((rest) => rest.restBytes)),
      memoryKib: anonymous,
      membersMs: await this.#membersMs(),
      mergeCpuMs: await this.#mergeCpuMs(),
      mergeBytes: this.mergeBytes,
      packetCpuUs: await this.#packetCpuUs(),
    };
  }

  async stop(): Promise<void> {
    this.responder.close();
    await this.agent.kill();
  }

  async #rest(): Promise<Rest> {
    const before = await this.responder.traffic();
    const cpuBefore = await cpuMicros(this.agent.pid);
    const startMs = performance.now();
    await sleep(REST_MS);
    const seconds = (performance.now() - startMs) / 1_000;
    const spentMs = (await cpuMicros(this.agent.pid) - cpuBefore) / 1_000;
    const after = await this.responder.traffic();
    const bytes = after.bytesIn - before.bytesIn + after.bytesOut - before.bytesOut;
    return { restCpuMs: spentMs / seconds, restBytes: bytes / seconds };
  }

  async #membersMs(): Promise<number> {
    const flood = await RpcFlood.connect(this.agent.spec.host, "members");
    await flood.run(10);
    const times: number[] = [];
    for (let i = 0; i < REQUESTS; i++) {
      const startMs = performance.now();
      await flood.run(1);
      times.push(performance.now() - startMs);
    }
    flood.close();
    return median(times);
  }

  async #mergeCpuMs(): Promise<number> {
    const count = Math.max(5, Math.min(200, Math.round(20_000 / this.members)));
    const merge = async () => {
      for (let i = 0; i < count; i++) {
        await injectMembers(this.agent.spec.host, this.members, this.responder.port);
      }
    };
    await merge();
    return (await cpuPerOperation(this.agent.pid, count, merge)).cpuMicros / 1_000;
  }

  async #packetCpuUs(): Promise<number> {
    const packets = gossipPackets(this.members, this.responder.port);
    const flood = async () => {
      const answered = await floodPackets(this.agent.spec.host, packets, PACKETS);
      if (answered < PACKETS * 0.99) throw new Error(`only ${answered} of ${PACKETS} packets were answered`);
    };
    await flood();
    return (await cpuPerOperation(this.agent.pid, PACKETS, flood)).cpuMicros;
  }
}

/** Packets of gossip about members spread over all of them, in the state in which they are known, each with a ping. */
export function gossipPackets(members: number, port: number): Uint8Array[] {
  const writer = new MsgpackWriter();
  const meta = new Uint8Array(0);
  return Array.from({ length: PACKET_KINDS }, (_, kind) => {
    const parts = Array.from({ length: ALIVES }, (_, i) => {
      // A step that is prime to every number of members that is measured.
      const index = (kind * ALIVES + i) * 7_919 % members;
      writer.reset();
      encodeAlive(writer, {
        node: memberName(index),
        incarnation: 1,
        addr: memberIp(index),
        port,
        meta,
        vsn: MEMBER_VERSIONS,
      });
      return writer.copy();
    });
    writer.reset();
    encodeCompound(writer, [...parts, encodePing(AGENT_NAME, kind + 1)]);
    return writer.copy();
  });
}
