/** What this build is. `scripts/build.ts` replaces the two stamps in the bundle; run from source they stay as they are. */

/** The release, semantic versioning. */
export const RELEASE = "0.1.0-dev";

const COMMIT_STAMP = "@@SERF_COMMIT@@";

/** The commit that the binary was built from, with `+CHANGES` for a dirty tree; empty when run from source. */
export const COMMIT = COMMIT_STAMP.startsWith("@@") ? "" : COMMIT_STAMP;

/** As `serf version` prints it: the release, and for a pre-release the commit. */
export const VERSION = RELEASE.includes("-") && COMMIT !== "" ? `${RELEASE} (${COMMIT})` : RELEASE;
