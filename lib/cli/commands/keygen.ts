/** `serf keygen` */
import type { Command } from "../command.ts";
import { type CommandSpec, renderHelp } from "../help.ts";

/** AES-256. */
const KEY_BYTES = 32;

const SPEC: CommandSpec = {
  name: "keygen",
  args: "",
  about: [
    "Prints a new random key, in the form that the agent's -encrypt flag and its encrypt_key setting take. " +
    "All agents of a cluster need the same key.",
  ],
  flags: [],
};

/** Prints a fresh key. Arguments, even flags, are ignored. */
export const keygen: Command = {
  spec: SPEC,
  get help() {
    return renderHelp(SPEC);
  },
  run(_args, platform) {
    const key = new Uint8Array(KEY_BYTES);
    platform.random.fill(key);
    platform.ui.out(btoa(String.fromCharCode(...key)) + "\n");
    return Promise.resolve(0);
  },
};
