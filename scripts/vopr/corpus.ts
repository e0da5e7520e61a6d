/** What an outsider sends into a campaign's cluster: packets and requests of real agents, from the golden samples. */
import { fromHex, SAMPLES } from "../../tests/golden/sample.ts";

/** Datagrams, and what a dialer sends over a stream. */
export const CORPUS: readonly Uint8Array[] = SAMPLES.filter(({ transport }) => transport !== "tcp-s2c")
  .map(({ hex }) => fromHex(hex));
