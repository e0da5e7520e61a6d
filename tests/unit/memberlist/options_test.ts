import { deepEqual, equal, throws } from "../../support/assert.ts";
import { PROFILES, resolveMemberlistOptions } from "../../../lib/memberlist/options.ts";

Deno.test("PROFILES are the table of protocol.md C.1", () => {
  const table = {
    tcpTimeoutMs: [10_000, 30_000, 1_000],
    indirectChecks: [3, 3, 1],
    retransmitMult: [4, 4, 2],
    suspicionMult: [4, 6, 3],
    suspicionMaxTimeoutMult: [6, 6, 6],
    pushPullIntervalMs: [30_000, 60_000, 15_000],
    probeIntervalMs: [1_000, 5_000, 1_000],
    probeTimeoutMs: [500, 3_000, 200],
    awarenessMaxMultiplier: [8, 8, 8],
    gossipIntervalMs: [200, 500, 100],
    gossipNodes: [3, 4, 3],
    gossipToTheDeadMs: [30_000, 60_000, 15_000],
  };
  (["lan", "wan", "local"] as const).forEach((profile, column) => {
    const expected = Object.fromEntries(Object.entries(table).map(([field, row]) => [field, row[column]!]));
    deepEqual({ ...PROFILES[profile] }, expected);
  });
});

Deno.test("resolveMemberlistOptions() takes the profile, then what is given; lan is the default", () => {
  equal(resolveMemberlistOptions({ name: "a" }).probeTimeoutMs, 500);
  const wan = resolveMemberlistOptions({ name: "a", profile: "wan", probeIntervalMs: 7, compression: false });
  deepEqual([wan.probeTimeoutMs, wan.probeIntervalMs, wan.compression, wan.packetBytesMax], [
    3000,
    7,
    false,
    1400,
  ]);
});

Deno.test("resolveMemberlistOptions() names the field that is out of range", () => {
  const fails = (overrides: object, option: string) =>
    throws(() => resolveMemberlistOptions({ name: "a", ...overrides }), { name: "OptionError", option });
  for (
    const field of ["tcpTimeoutMs", "retransmitMult", "probeIntervalMs", "gossipIntervalMs", "packetBytesMax"]
  ) {
    for (const value of [0, -1, NaN]) fails({ [field]: value }, field);
  }
  fails({ name: "" }, "name");
  fails({ name: "n".repeat(513) }, "name");
  fails({ label: "l".repeat(256) }, "label");
  fails({ delegateProtocol: 1 }, "delegateProtocol");
  fails({ delegateProtocol: 6 }, "delegateProtocol");
  equal(resolveMemberlistOptions({ name: "n".repeat(512) }).name.length, 512);
});
