/**
 * The rules of membership: what a message about a node changes, and what not. The only writer of a node's status,
 * incarnation, address, meta and versions. protocol.md C.3 to C.8.
 *
 * ```
 *            alive           suspect         dead            dead           suspicion
 *            i > known       i >= known      i >= known      from itself    runs out
 * unknown    alive           -               -               -
 * alive      alive (news)    suspect         suspect (**)    left          (**) for the least time: it may object;
 * suspect    alive           (confirmed)     dead (**)       left           dead      until then the same said again
 * dead       alive           -               -               -
 * left       alive (*)       -               -               -              (*) at a new address whatever its i
 * ourselves  refuted         refuted         refuted         refuted
 * ```
 * A node that finds itself accused answers with a higher incarnation (refutes); nobody else may raise it that way.
 *
 * Inputs: messages ({@linkcode Membership.onAlive} and its like), merged states, our own wishes. Outputs: broadcasts
 * (one per node at most, newer replace older), the delegate's events. Invariant: a suspicion runs exactly while a node
 * is suspect.
 */
import { Address, ipText, sameIp } from "../base/address.ts";
import { bytesEqual, isAt } from "../base/bytes.ts";
import { isTextWithin } from "../base/byte_text.ts";
import { goBytes } from "../base/go_text.ts";
import { LogLevel } from "../base/ports.ts";
import { SharedCopies } from "../base/shared_copies.ts";
import type { Engine } from "./engine.ts";
import { type Accusation, type Alive, createAccusation, sharedVersions, versionBytes } from "./messages.ts";
import { News } from "./news.ts";
import { META_BYTES_MAX, NAME_BYTES_MAX, NodeState, NodeStatus } from "./node_state.ts";
import type { NodeRecord } from "./node_record.ts";
import type { PushPullNode } from "./push_pull_messages.ts";
import { Suspicions } from "./suspicions.ts";
import { hasUsableVersions, hasUsableVersionsAt } from "./version_check.ts";

/** Incarnations are u32 on the wire. At the end of their range a node cannot refute; it must not wrap to 0 either. */
const INCARNATION_MAX = 0xffffffff;

/** Members of one role mostly have the same metadata: it is kept once, of as many as there are slots. */
const metas = new SharedCopies(256);

/** See the top of the file. */
export class Membership {
  readonly #engine: Engine;
  readonly #local: NodeState;
  readonly #news: News;
  readonly #suspicions: Suspicions;
  /** Scratch for {@linkcode mergeNode}. */
  readonly #accusation = createAccusation();
  /** Told when we hear for the first time that others suspect a node; it is suspect by then. */
  onHearsay: ((node: NodeState) => void) | undefined = undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#local = engine.local;
    this.#news = new News(engine.queue);
    this.#suspicions = new Suspicions(engine, (node) => {
      this.#bury(node, { incarnation: node.incarnation, node: node.name, from: this.#local.name });
    });
  }

  /** Ends every suspicion. */
  stop(): void {
    const { table } = this.#engine;
    for (let i = 0; i < table.size; i++) this.#suspicions.end(table.at(i));
  }

  /** Enters ourselves as alive with incarnation 1, and says so to the world. */
  announceSelf(): void {
    const { table, clock } = this.#engine;
    table.add(this.#local);
    this.#local.incarnation = 1;
    this.#setStatus(this.#local, NodeStatus.alive, clock.nowMs());
    this.#news.alive(this.#local);
    this.#engine.metrics.counter("memberlist.msg.alive", 1);
    this.#engine.delegate.onNodeJoin(this.#local);
  }

  /**
   * Announces new metadata of ours under the next incarnation.
   * @param meta at most 512 bytes; copied. @param onSent called when the news was sent often enough or replaced.
   */
  announceMeta(meta: Uint8Array, onSent: () => void): void {
    const isNew = !bytesEqual(this.#local.meta, meta);
    if (isNew) this.#local.meta = meta.slice();
    this.#raiseIncarnation(0);
    this.#news.alive(this.#local, onSent);
    this.#engine.metrics.counter("memberlist.msg.alive", 1);
    if (isNew) this.#engine.delegate.onNodeUpdate(this.#local);
  }

  /** Says farewell: from now on we are left, and defend ourselves no more. @param onSent as in announceMeta. */
  announceLeave(onSent: () => void): void {
    const local = this.#local;
    this.#setStatus(local, NodeStatus.left, this.#engine.clock.nowMs());
    this.#news.dead({ incarnation: local.incarnation, node: local.name, from: local.name }, onSent);
    this.#engine.metrics.counter("memberlist.msg.dead", 1);
    this.#engine.delegate.onNodeLeave(local);
  }

  /** Somebody is said to be alive (C.3). */
  onAlive(alive: Readonly<Alive>): void {
    const { counters, table, bindPort } = this.#engine;
    const isAboutUs = alive.node === this.#local.name;
    const fault = findFault(alive, isAboutUs);
    if (fault !== undefined) {
      counters.malformed++;
      this.#reportIgnored(alive, fault);
      return;
    }
    const port = alive.port === 0 ? bindPort : alive.port;
    if (isAboutUs) {
      this.#onAliveAboutUs(alive, port);
      return;
    }
    // HashiCorp's agents take a node without versions for one of version 0, and then refuse every push/pull.
    if (!hasUsableVersions(alive.vsn)) {
      counters.nodesRefused++;
      this.#reportIgnored(alive, `protocol version(s) are wrong: ${goBytes(alive.vsn.subarray(0, 6))}`);
      return;
    }
    const node = table.get(alive.node);
    if (node === undefined) this.#onAliveOfUnknown(alive, port);
    else this.#onAliveOfKnown(node, alive, port);
  }

  /** Somebody is said to be suspect (C.4). */
  onSuspect(accusation: Readonly<Accusation>): void {
    const known = this.#findAccused(accusation);
    if (known === undefined) return;
    if (known.suspicion !== undefined) {
      if (!known.suspicion.confirm(accusation.from)) return;
      this.#news.suspect(accusation);
      this.#suspicions.onConfirmed(known);
      return;
    }
    if (known.status !== NodeStatus.alive) return;
    if (known === this.#local) {
      this.#refute(accusation.incarnation, "a suspect", accusation.from);
      return;
    }
    this.#suspect(known, accusation, false);
  }

  /** Somebody is said to be dead, or, by itself, to have left (C.5). */
  onDead(accusation: Readonly<Accusation>): void {
    const known = this.#findAccused(accusation);
    if (known === undefined || isGone(known)) return;
    if (known === this.#local) {
      this.#refute(accusation.incarnation, "a dead", accusation.from);
      return;
    }
    if (this.#isHearsay(known, accusation)) {
      if (known.suspicion === undefined) this.#suspect(known, accusation, true);
      else if (accusation.incarnation > known.incarnation) this.#renewSentence(known, accusation);
      return;
    }
    this.#bury(known, accusation);
  }

  /** The accused can deny the newer accusation only if it hears of that. It has no more time for it. */
  #renewSentence(known: Readonly<NodeState>, accusation: Readonly<Accusation>): void {
    this.#engine.table.own(known).incarnation = accusation.incarnation;
    this.#news.suspect(accusation);
    this.#engine.metrics.counter("memberlist.msg.suspect", 1);
  }

  #bury(known: Readonly<NodeState>, accusation: Readonly<Accusation>): void {
    const node = this.#engine.table.own(known);
    this.#suspicions.end(node);
    this.#news.dead(accusation);
    this.#engine.metrics.counter("memberlist.msg.dead", 1);
    node.incarnation = accusation.incarnation;
    const status = accusation.from === accusation.node ? NodeStatus.left : NodeStatus.dead;
    this.#setStatus(node, status, this.#engine.clock.nowMs());
    this.#engine.delegate.onNodeLeave(node);
  }

  /** @param isSentence the accuser has waited already: the accused gets the least time to object. */
  #suspect(known: Readonly<NodeState>, accusation: Readonly<Accusation>, isSentence: boolean): void {
    this.#news.suspect(accusation);
    this.#engine.metrics.counter("memberlist.msg.suspect", 1);
    const node = this.#engine.table.own(known);
    node.incarnation = accusation.incarnation;
    this.#setStatus(node, NodeStatus.suspect, this.#engine.clock.nowMs());
    this.#suspicions.begin(node, accusation.from, isSentence);
    if (accusation.from !== this.#local.name) this.onHearsay?.(node);
  }

  /**
   * A death before which no suspicion came. Its gossip may have missed us; but so it goes with all accusations of a
   * host that most others cannot reach, and finds them dead: they never hear of it, and cannot deny it. So the accused
   * may object now, and until its time is over it makes no difference how often the same is said, and by whom.
   * (HashiCorp's agents believe at once, and one such host makes all members flap.)
   */
  #isHearsay(node: Readonly<NodeState>, { from }: Readonly<Accusation>): boolean {
    const { doubtsHearsay, suspicionMult } = this.#engine.options;
    return doubtsHearsay && suspicionMult > 0 && from !== node.name &&
      (node.suspicion === undefined || node.suspicion.isSentence);
  }

  /**
   * Whether what a push/pull says of a node would change nothing: it is alive where it is known to be, in an incarnation
   * that is no news. Of ourselves, and of all that {@linkcode onAlive} would count or report, this never says so.
   */
  knows(record: Readonly<NodeRecord>, message: Uint8Array): boolean {
    if (record.state !== NodeStatus.alive || record.metaEnd - record.metaStart > META_BYTES_MAX) return false;
    const node = this.#engine.table.get(record.name);
    if (node === undefined || node === this.#local || record.incarnation > node.incarnation) return false;
    return record.port === node.port && record.addrEnd - record.addrStart === node.ip.length &&
      isAt(node.ip, message, record.addrStart) && hasUsableVersionsAt(message, record.vsnStart);
  }

  /** What a push/pull says of a node (C.8). A death is only hearsay: the node may object, as to any suspicion. */
  mergeNode(remote: Readonly<PushPullNode>): void {
    const { name, incarnation } = remote;
    const accusation = this.#accusation;
    accusation.incarnation = incarnation;
    accusation.node = name;
    switch (remote.state) {
      case NodeStatus.alive: {
        const { addr, port, meta, vsn } = remote;
        this.onAlive({ incarnation, node: name, addr, port, meta, vsn });
        return;
      }
      case NodeStatus.left:
        accusation.from = name;
        this.onDead(accusation);
        return;
      case NodeStatus.suspect:
      case NodeStatus.dead:
        accusation.from = this.#local.name;
        this.onSuspect(accusation);
    }
  }

  /** The node that is accused, unless the accusation is out of date or breaks the rules. */
  #findAccused(accusation: Readonly<Accusation>): NodeState | undefined {
    const { table, counters } = this.#engine;
    const node = table.get(accusation.node);
    if (node === undefined || accusation.incarnation < node.incarnation) return undefined;
    // What is said of us we must deny, whoever says it: others may believe it.
    if (node === this.#local || isTextWithin(accusation.from, NAME_BYTES_MAX)) return node;
    counters.malformed++;
    return undefined;
  }

  #onAliveAboutUs(alive: Readonly<Alive>, port: number): void {
    const local = this.#local;
    if (isGone(local)) return;
    if (!sameEndpoint(local, alive.addr, port)) {
      this.#onConflict(local, alive.addr, port);
      return;
    }
    if (alive.incarnation < local.incarnation) return;
    const vsn = versionBytes(local.versions);
    const isEcho = alive.incarnation === local.incarnation && bytesEqual(alive.meta, local.meta) &&
      bytesEqual(alive.vsn.subarray(0, 6), vsn);
    if (isEcho) return;
    const { strangers } = this.#engine;
    if (strangers.admits(LogLevel.warn)) {
      strangers.log(
        LogLevel.warn,
        `memberlist: Refuting an alive message for '${local.name}' (${ipText(alive.addr)}:${port}) meta:(${
          goBytes(alive.meta)
        } VS ${goBytes(local.meta)}), vsn:(${goBytes(alive.vsn)} VS ${goBytes(vsn)})`,
      );
    }
    this.#raiseAndAnnounce(alive.incarnation);
  }

  #onAliveOfUnknown(alive: Readonly<Alive>, port: number): void {
    // Incarnation 0 is what an unknown node counts as; nothing that is not newer can bring it to life.
    if (alive.incarnation === 0) return;
    const { table, clock, counters } = this.#engine;
    if (table.isFull) {
      counters.nodesRefused++;
      return;
    }
    const address = Address.fromBytes(alive.addr, port)!;
    const node = new NodeState(alive.node, address, NodeStatus.dead, clock.nowMs());
    table.add(node);
    this.#makeAlive(node, alive, port);
  }

  #onAliveOfKnown(node: NodeState, alive: Readonly<Alive>, port: number): void {
    let isMove = false;
    if (!sameEndpoint(node, alive.addr, port)) {
      // Who has left does not need its name any more: the newcomer starts over, whatever its incarnation.
      isMove = node.status === NodeStatus.left;
      if (!isMove) {
        this.#onConflict(node, alive.addr, port);
        return;
      }
      this.#engine.strangers.log(
        LogLevel.info,
        `memberlist: Updating address for left or failed node ${node.name} from ${
          ipText(node.ip)
        }:${node.port} to ${ipText(alive.addr)}:${port}`,
      );
    }
    if (!isMove && alive.incarnation <= node.incarnation) return;
    const own = this.#engine.table.own(node);
    this.#suspicions.end(own);
    this.#makeAlive(own, alive, port);
  }

  /** Takes over what a newer alive message says, passes it on, and tells the layer above. */
  #makeAlive(node: NodeState, alive: Readonly<Alive>, port: number): void {
    const { clock, delegate, metrics } = this.#engine;
    const wasGone = isGone(node);
    const isNewMeta = !bytesEqual(node.meta, alive.meta);
    node.incarnation = alive.incarnation;
    if (isNewMeta) node.meta = metas.copy(alive.meta);
    node.versions = sharedVersions(alive.vsn);
    // The bytes of the newest message are kept: peers compare them bytewise.
    if (node.port !== port || !bytesEqual(node.ip, alive.addr)) {
      node.address = Address.fromBytes(alive.addr, port)!;
    }
    if (node.status !== NodeStatus.alive) this.#setStatus(node, NodeStatus.alive, clock.nowMs());
    this.#news.alive(node);
    metrics.counter("memberlist.msg.alive", 1);
    if (wasGone) delegate.onNodeJoin(node);
    else if (isNewMeta) delegate.onNodeUpdate(node);
  }

  #onConflict(node: NodeState, ip: Uint8Array, port: number): void {
    const { counters, strangers, delegate } = this.#engine;
    counters.conflicts++;
    if (strangers.admits(LogLevel.error)) {
      strangers.log(
        LogLevel.error,
        `memberlist: Conflicting address for ${node.name}. Mine: ${ipText(node.ip)}:${node.port} Theirs: ${
          ipText(ip)
        }:${port} Old state: ${node.status}`,
      );
    }
    delegate.onNameConflict(node, ip, port);
  }

  #reportIgnored(alive: Readonly<Alive>, reason: string): void {
    const { strangers } = this.#engine;
    if (!strangers.admits(LogLevel.warn)) return;
    strangers.log(
      LogLevel.warn,
      `memberlist: Ignoring an alive message for '${alive.node}' because ${reason}`,
    );
  }

  /** Answers an accusation against ourselves (C.6): having to is a sign that we are slow. */
  #refute(accusedIncarnation: number, what: string, accuser: string): void {
    this.#engine.strangers.log(
      LogLevel.warn,
      `memberlist: Refuting ${what} message (from: ${accuser})`,
    );
    this.#raiseAndAnnounce(accusedIncarnation);
  }

  #raiseAndAnnounce(accusedIncarnation: number): void {
    this.#engine.counters.refutes++;
    this.#raiseIncarnation(accusedIncarnation);
    this.#engine.awareness.apply(1);
    this.#news.alive(this.#local);
  }

  #raiseIncarnation(accusedIncarnation: number): void {
    const next = Math.max(this.#local.incarnation, accusedIncarnation) + 1;
    this.#local.incarnation = Math.min(next, INCARNATION_MAX);
  }

  #setStatus(node: NodeState, status: NodeStatus, nowMs: number): void {
    this.#engine.table.onStatusChanged(node.status, status);
    node.status = status;
    node.statusChangeMs = nowMs;
  }
}

/** Whether a node is dead or left. */
export function isGone(node: NodeState): boolean {
  return node.status === NodeStatus.dead || node.status === NodeStatus.left;
}

function sameEndpoint(node: NodeState, ip: Uint8Array, port: number): boolean {
  return node.port === port && sameIp(node.ip, ip);
}

/**
 * What makes an alive message one that no node sends. What could not be gossiped on (it fits into no packet) would stay
 * in our queue, and strangers could fill our memory with it. About us we listen to any metadata, to deny it: HashiCorp's
 * agents believe it.
 */
function findFault({ node, addr, meta }: Readonly<Alive>, isAboutUs: boolean): string | undefined {
  if (node === "") return "it names nobody";
  if (!isTextWithin(node, NAME_BYTES_MAX)) return `its name has more than ${NAME_BYTES_MAX} bytes`;
  if (addr.length !== 4 && addr.length !== 16) return `its address has ${addr.length} bytes`;
  return meta.length > META_BYTES_MAX && !isAboutUs ? `its metadata has ${meta.length} bytes` : undefined;
}
