/** For what the program is built. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** The exit code of a build that fails because a target's runtime cannot be had here; any other failure is 1. */
export const EXIT_UNREACHABLE = 3;

/** The executable's name. */
export function executableFor(target: string): string {
  return target.includes("windows") ? "serf.exe" : "serf";
}
