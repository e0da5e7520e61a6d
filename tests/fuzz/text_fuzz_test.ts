import { testTargets } from "./support/register.ts";
import { FILE_TARGETS } from "./targets/file_targets.ts";
import { TEXT_TARGETS } from "./targets/text_targets.ts";
import { FOREIGN_TARGETS } from "./targets/foreign_targets.ts";

testTargets([...FILE_TARGETS, ...TEXT_TARGETS, ...FOREIGN_TARGETS]);
