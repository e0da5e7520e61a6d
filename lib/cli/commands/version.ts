/** `serf version` */
import { COMMIT, VERSION } from "../../version.ts";
import type { Command } from "../command.ts";

const PROTOCOL = 5;
const OLDEST_PROTOCOL = 2;

/** Prints what this build is. Takes no flags and ignores its arguments; its help is empty. */
export const version: Command = {
  spec: { name: "version", args: "", about: [], flags: [] },
  help: "",
  run(_args, platform) {
    platform.ui.out(`${versionText(VERSION, COMMIT)}\n`);
    platform.ui.out(`Agent Protocol: ${PROTOCOL} (Understands back to: ${OLDEST_PROTOCOL})\n`);
    return Promise.resolve(0);
  },
};

/** A release shows its number alone; a pre-release shows also the commit that it was built from, if that is known. */
export function versionText(release: string, commit: string): string {
  return release.includes("-") && commit !== "" ? `${release} (${commit})` : release;
}
