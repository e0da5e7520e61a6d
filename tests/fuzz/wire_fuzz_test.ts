import { testTargets } from "./support/register.ts";
import { MEMBERLIST_TARGETS } from "./targets/memberlist_targets.ts";
import { SERF_TARGETS } from "./targets/serf_targets.ts";
import { STRANGER_TARGETS } from "./targets/stranger_targets.ts";
import { WRAPPER_TARGETS } from "./targets/wrapper_targets.ts";

testTargets([...MEMBERLIST_TARGETS, ...WRAPPER_TARGETS, ...SERF_TARGETS, ...STRANGER_TARGETS]);
