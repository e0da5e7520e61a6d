/** Every target there is. */
import type { Target } from "../support/target.ts";
import { FILE_TARGETS } from "./file_targets.ts";
import { FOREIGN_TARGETS } from "./foreign_targets.ts";
import { MEMBERLIST_TARGETS } from "./memberlist_targets.ts";
import { RPC_PEER_TARGETS } from "./rpc_peer_targets.ts";
import { RPC_TARGETS } from "./rpc_targets.ts";
import { SERF_TARGETS } from "./serf_targets.ts";
import { STRANGER_TARGETS } from "./stranger_targets.ts";
import { TEXT_TARGETS } from "./text_targets.ts";
import { WRAPPER_TARGETS } from "./wrapper_targets.ts";

/** In the order in which they are run and reported. */
export const TARGETS: readonly Target[] = [
  ...STRANGER_TARGETS,
  ...MEMBERLIST_TARGETS,
  ...WRAPPER_TARGETS,
  ...SERF_TARGETS,
  ...RPC_TARGETS,
  ...RPC_PEER_TARGETS,
  ...FILE_TARGETS,
  ...TEXT_TARGETS,
  ...FOREIGN_TARGETS,
];
