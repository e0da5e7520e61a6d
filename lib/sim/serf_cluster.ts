/** A simulated cluster of Serf. */
import type { SerfEvent } from "../serf/events.ts";
import { SerfChecker } from "./serf_checkers.ts";
import { type MemberSight, SerfLife, type SerfLifeOptions } from "./serf_life.ts";
import { SimCluster, type SimClusterOptions } from "./sim_cluster.ts";
import type { SimNode } from "./sim_node.ts";

/** A {@linkcode SimCluster} of Serf, and what can be asked of its members. */
export class SerfCluster extends SimCluster<SerfLife> {
  /** Present exactly when {@linkcode checker} is. */
  readonly serfChecker: SerfChecker | undefined;

  /** @param choose what differs from node to node, and from life to life. */
  constructor(options: SimClusterOptions, choose: (node: SimNode<SerfLife>) => SerfLifeOptions = () => ({})) {
    super(options, (node, ports) => {
      const chosen = choose(node);
      const onEvent = (event: SerfEvent) => {
        this.serfChecker?.onEvent(node, event);
        chosen.onEvent?.(event);
      };
      return new SerfLife(node, ports, { ...chosen, onEvent });
    });
    if (this.checker === undefined) return;
    const checker = this.serfChecker = new SerfChecker(this.nodes);
    this.checker.also((observer) => checker.check(observer));
  }

  override formAtOnce(among: readonly SimNode<SerfLife>[] = this.nodes): void {
    this.serfChecker?.expectAcquaintance(among);
    super.formAtOnce(among);
  }

  /** Whether every running node but the subject itself sees it so. */
  allSeeMember(subject: SimNode<SerfLife>, ...sights: MemberSight[]): boolean {
    return this.running.every((observer) =>
      observer === subject || sights.includes(observer.life.sight(subject.name))
    );
  }

  /** Whether all running nodes show the same: the running ones alive, with the tags that each has of itself. */
  membersConverged(): boolean {
    const running = this.running;
    return this.converged() &&
      running.every((observer) => running.every((subject) => showsAsItIs(observer, subject)));
  }

  /** Who is seen how by whom, for a failed assertion's message. */
  describeMembers(): string {
    return this.running.map((observer) => {
      const seen = this.nodes.map(({ name }) => `${name} ${observer.life.sight(name)}`);
      return `${observer.name}: ${seen.join(", ")}`;
    }).join("\n");
  }
}

function showsAsItIs(observer: SimNode<SerfLife>, subject: SimNode<SerfLife>): boolean {
  if (observer.life.sight(subject.name) !== "alive") return false;
  const shown = observer.life.serf.member(subject.name)!.tags;
  const own = subject.life.serf.localMember().tags;
  return shown.size === own.size && [...own].every(([key, value]) => shown.get(key) === value);
}
