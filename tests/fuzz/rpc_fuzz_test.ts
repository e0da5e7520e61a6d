import { testTargets } from "./support/register.ts";
import { RPC_TARGETS } from "./targets/rpc_targets.ts";
import { RPC_PEER_TARGETS } from "./targets/rpc_peer_targets.ts";

testTargets([...RPC_TARGETS, ...RPC_PEER_TARGETS]);
