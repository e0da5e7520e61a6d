/**
 * Makes a table of docs/evidence.md, and prints it; what it measures meanwhile goes to stderr.
 *
 *     deno task evidence swim | lifeguard | dissemination | vivaldi | eager | crash
 */
import { crashTable } from "./evidence/crash.ts";
import { disseminationTable } from "./evidence/dissemination.ts";
import { eagerTables } from "./evidence/eager.ts";
import { lifeguardTable } from "./evidence/lifeguard.ts";
import { swimTables } from "./evidence/swim.ts";
import type { Progress } from "./evidence/tables.ts";
import { vivaldiTable } from "./evidence/vivaldi.ts";

const TABLES: Readonly<Record<string, (progress: Progress) => string | Promise<string>>> = {
  swim: swimTables,
  lifeguard: lifeguardTable,
  dissemination: disseminationTable,
  vivaldi: vivaldiTable,
  eager: eagerTables,
  crash: crashTable,
};

const name = Deno.args[0] ?? "";
const make = TABLES[name];
if (make === undefined) {
  console.error(`which table? ${Object.keys(TABLES).join(", ")}`);
  Deno.exitCode = 1;
} else console.log(await make((line) => console.error(line)));
