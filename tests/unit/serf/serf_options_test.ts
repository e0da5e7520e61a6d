import { deepEqual, equal, throws } from "../../support/assert.ts";
import { resolveSerfOptions } from "../../../lib/serf/options.ts";

const memberlist = { name: "a" };

Deno.test("resolveSerfOptions() gives Serf's defaults", () => {
  const { memberlist: below, tags, ...rest } = resolveSerfOptions({ memberlist });
  equal(below.name, "a");
  equal(below.delegateProtocol, 5);
  equal(tags.size, 0);
  deepEqual(rest, {
    broadcastTimeoutMs: 5000,
    leavePropagateDelayMs: 1000,
    reapIntervalMs: 15_000,
    reconnectIntervalMs: 30_000,
    reconnectTimeoutMs: 86_400_000,
    tombstoneTimeoutMs: 86_400_000,
    recentIntentTimeoutMs: 300_000,
    maxQueueDepth: 4096,
    queueCheckIntervalMs: 30_000,
    eventBuffer: 512,
    queryBuffer: 512,
    queryBytesMax: 1024,
    resolveNameConflicts: true,
    rejoinAfterLeave: false,
    responseBytesMax: 1024,
    userEventBytesMax: 512,
  });
});

Deno.test("resolveSerfOptions() takes memberlist's options resolved or not, with a profile or without", () => {
  const resolved = resolveSerfOptions({ memberlist: { name: "a", profile: "wan" } });
  equal(resolved.memberlist.probeIntervalMs, 5000);
  deepEqual(resolveSerfOptions(resolved), resolved);
});

Deno.test("resolveSerfOptions() lets zero override where zero makes sense, and refuses it elsewhere", () => {
  equal(resolveSerfOptions({ memberlist, leavePropagateDelayMs: 0 }).leavePropagateDelayMs, 0);
  for (const field of ["broadcastTimeoutMs", "reapIntervalMs", "eventBuffer", "maxQueueDepth"]) {
    throws(() => resolveSerfOptions({ memberlist, [field]: 0 }), { name: "OptionError", option: field });
  }
  for (const field of ["userEventBytesMax", "queryBytesMax", "responseBytesMax"] as const) {
    equal(resolveSerfOptions({ memberlist, [field]: -1 })[field], -1, "none is sent");
  }
  throws(() => resolveSerfOptions({ memberlist, tombstoneTimeoutMs: -1 }), { option: "tombstoneTimeoutMs" });
  throws(() => resolveSerfOptions({ memberlist, reconnectTimeoutMs: NaN }), { option: "reconnectTimeoutMs" });
});

Deno.test("resolveSerfOptions() complains in Serf's words", () => {
  throws(() => resolveSerfOptions({ memberlist, tags: new Map([["k", "x".repeat(506)]]) }), {
    name: "OptionError",
    option: "tags",
    message: "Encoded length of tags exceeds limit of 512 bytes",
  });
  resolveSerfOptions({ memberlist, tags: new Map([["k", "x".repeat(505)]]) });
  throws(() => resolveSerfOptions({ memberlist: { name: "a", delegateProtocol: 1 } }), {
    message: "Protocol version '1' too low. Must be in range: [2, 5]",
  });
  throws(() => resolveSerfOptions({ memberlist: { name: "a", delegateProtocol: 6 } }), {
    message: "Protocol version '6' too high. Must be in range: [2, 5]",
  });
});

Deno.test("resolveSerfOptions() counts only the role for Serf protocol 2: it alone is announced", () => {
  const tags = new Map([["k", "x".repeat(600)], ["role", "web"]]);
  equal(resolveSerfOptions({ memberlist: { name: "a", delegateProtocol: 2 }, tags }).tags.size, 2);
});
