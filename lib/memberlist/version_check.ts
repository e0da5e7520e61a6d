/** Whether the nodes of two push/pull states can speak with each other. Pure. protocol.md C.9. */
import { readVersions, readVersionsAt } from "./messages.ts";
import { NodeStatus, type NodeVersions } from "./node_state.ts";
import type { NodeDirectory } from "./node_table.ts";
import type { PushPullNode } from "./push_pull_messages.ts";

/** The nodes of a received state: a PushPullMessage, in practice. */
interface RemoteNodes {
  forEachVersion(visit: (node: Readonly<PushPullNode>) => void): void;
}

/** The protocol versions that all living nodes understand. */
interface VersionRange {
  pMin: number;
  pMax: number;
  dMin: number;
  dMax: number;
}

const SCRATCH: NodeVersions = { pMin: 0, pMax: 0, pCur: 0, dMin: 0, dMax: 0, dCur: 0 };

/**
 * Whether version bytes make sense by themselves. A node whose bytes do not is neither admitted nor looked at here: in
 * HashiCorp's agents one alive node of version 0 leaves no common version, and so blocks every push/pull of its cluster.
 */
export function hasUsableVersions(vsn: Uint8Array): boolean {
  readVersions(vsn, SCRATCH);
  return areUsable(SCRATCH);
}

/** As {@linkcode hasUsableVersions}, of the six bytes at `start`. */
export function hasUsableVersionsAt(bytes: Uint8Array, start: number): boolean {
  readVersionsAt(bytes, start, SCRATCH);
  return areUsable(SCRATCH);
}

function areUsable({ pMin, pMax, pCur, dMin, dMax, dCur }: Readonly<NodeVersions>): boolean {
  return pMin > 0 && pMin <= pCur && pCur <= pMax && dMin <= dCur && dCur <= dMax;
}

/**
 * All or nothing: every node on either side, dead ones included, must speak a version that every living node on either
 * side understands.
 *
 * @returns what is wrong, in HashiCorp's words, or undefined.
 */
export function findIncompatibility(
  remote: RemoteNodes,
  local: Pick<NodeDirectory, "size" | "at">,
): string | undefined {
  const range: VersionRange = { pMin: 0, pMax: 0xff, dMin: 0, dMax: 0xff };
  remote.forEachVersion((node) => {
    if (node.state === NodeStatus.alive && hasUsableVersions(node.vsn)) narrow(range, SCRATCH);
  });
  // Nearly always all nodes share one record of their versions: then to look at it once is enough.
  const first = local.size > 0 ? local.at(0).versions : undefined;
  let isUniform = true;
  let narrowed: Readonly<NodeVersions> | undefined;
  for (let i = 0; i < local.size; i++) {
    const { status, versions } = local.at(i);
    isUniform &&= versions === first;
    if (versions === narrowed || status !== NodeStatus.alive) continue;
    narrow(range, versions);
    narrowed = versions;
  }

  let fault: string | undefined;
  remote.forEachVersion((node) => {
    if (hasUsableVersions(node.vsn)) fault ??= describeFault(node.name, SCRATCH, range);
  });
  const count = isUniform ? Math.min(1, local.size) : local.size;
  for (let i = 0; i < count && fault === undefined; i++) {
    const { name, versions } = local.at(i);
    fault = describeFault(name, versions, range);
  }
  return fault;
}

function narrow(range: VersionRange, versions: Readonly<NodeVersions>): void {
  range.pMin = Math.max(range.pMin, versions.pMin);
  range.pMax = Math.min(range.pMax, versions.pMax);
  range.dMin = Math.max(range.dMin, versions.dMin);
  range.dMax = Math.min(range.dMax, versions.dMax);
}

function describeFault(
  name: string,
  versions: Readonly<NodeVersions>,
  range: VersionRange,
): string | undefined {
  const { pCur, dCur } = versions;
  if (pCur < range.pMin || pCur > range.pMax) {
    return `Node '${name}' protocol version (${pCur}) is incompatible: [${range.pMin}, ${range.pMax}]`;
  }
  if (dCur < range.dMin || dCur > range.dMax) {
    return `Node '${name}' delegate protocol version (${dCur}) is incompatible: [${range.dMin}, ${range.dMax}]`;
  }
  return undefined;
}
