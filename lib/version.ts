/** What this build is. `scripts/build.ts` stamps the two constants through `--define`-like replacement of this file. */

/** The release, semantic versioning. */
export const VERSION = "0.1.0-dev";
/** The commit that the binary was built from; empty when run from source. */
export const COMMIT = "";
