/** `serf version` */
import { VERSION } from "../../version.ts";
import type { Command } from "../command.ts";

const PROTOCOL = 5;
const OLDEST_PROTOCOL = 2;

/** Prints what this build is. Takes no flags and ignores its arguments; its help is empty. */
export const version: Command = {
  spec: { name: "version", args: "", about: [], flags: [] },
  help: "",
  run(_args, platform) {
    platform.ui.out(`${VERSION}\n`);
    platform.ui.out(`Agent Protocol: ${PROTOCOL} (Understands back to: ${OLDEST_PROTOCOL})\n`);
    return Promise.resolve(0);
  },
};
