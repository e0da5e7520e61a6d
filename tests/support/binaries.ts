/** The two programs that end-to-end and interop tests run, and how a test says that it needs one. */

/** Our compiled binary: $SERF_BINARY; undefined when the test run has none. */
export const OURS: string | undefined = existing(Deno.env.get("SERF_BINARY"));

/** HashiCorp's Serf: $HASHICORP_SERF, else where Debian's package puts it; undefined when it is not installed. */
export const THEIRS: string | undefined = existing(Deno.env.get("HASHICORP_SERF") ?? "/usr/bin/serf");

/** Registers a test that needs our binary; without it the test is reported as skipped, by name. */
export function testOurs(name: string, run: (ours: string) => Promise<void>): void {
  Deno.test({ name, ignore: OURS === undefined, fn: () => run(OURS!) });
}

/** Registers a test that needs both programs; without them the test is reported as skipped, by name. */
export function testBoth(name: string, run: (ours: string, theirs: string) => Promise<void>): void {
  Deno.test({ name, ignore: OURS === undefined || THEIRS === undefined, fn: () => run(OURS!, THEIRS!) });
}

function existing(path: string | undefined): string | undefined {
  if (path === undefined || path === "") return undefined;
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}
