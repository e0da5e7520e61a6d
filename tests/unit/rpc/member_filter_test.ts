import { deepEqual, equal, ok, throws } from "../../support/assert.ts";
import { MemberFilter } from "../../../lib/rpc/member_filter.ts";
import { RpcError } from "../../../lib/rpc/rpc_error.ts";
import { MemberStatus } from "../../../lib/serf/member.ts";
import { fakeMember } from "./fake_backend.ts";

const request = (name: string, status = "", tags: Record<string, string> = {}) => ({
  name,
  status,
  tags: new Map(Object.entries(tags)),
});

const MEMBERS = [
  fakeMember("web-1", { tags: new Map([["role", "web"]]) }),
  fakeMember("web-2", { tags: new Map([["role", "web"], ["dc", "east"]]), status: MemberStatus.failed }),
  fakeMember("db.1", { tags: new Map([["role", "db"]]) }),
  fakeMember("line\n"),
];

async function names(...filter: Parameters<typeof request>): Promise<string[]> {
  await MemberFilter.load();
  const compiled = new MemberFilter(request(...filter));
  return MEMBERS.filter((member) => compiled.accepts(member)).map((member) => member.name);
}

Deno.test("MemberFilter: plain words need no engine and match as a whole", () => {
  equal(MemberFilter.isReadyFor(request("web-1", "alive", { role: "web" })), true);
  const filter = new MemberFilter(request("web-1", "alive", { role: "web" }));
  deepEqual(MEMBERS.filter((member) => filter.accepts(member)).map((member) => member.name), ["web-1"]);
  ok(!new MemberFilter(request("web")).accepts(MEMBERS[0]!));
});

Deno.test("MemberFilter: anchors are put around an expression without grouping it", async () => {
  deepEqual(await names("web-1|.*1"), ["web-1", "db.1"]);
  deepEqual(await names("we|nope"), ["web-1", "web-2"]); // begins with "we"
  deepEqual(await names("nope|1"), ["web-1", "db.1"]); // ends with "1"
  deepEqual(await names("(we|nope)"), []);
});

Deno.test("MemberFilter: a dot is any character, the end is the very end", async () => {
  deepEqual(await names("db.1"), ["db.1"]);
  deepEqual(await names("db\\.1"), ["db.1"]);
  deepEqual(await names("line"), []);
  deepEqual(await names("lin[e]"), []); // not before a final newline either
  deepEqual(await names("(?s)line."), ["line\n"]);
});

Deno.test("MemberFilter: a tag that is not there is empty; no name and no status are no filter", async () => {
  deepEqual(await names("", "", { dc: ".*" }), MEMBERS.map((member) => member.name));
  deepEqual(await names("", "", { dc: "" }), ["web-1", "db.1", "line\n"]);
  deepEqual(await names("", "", { dc: ".+" }), ["web-2"]);
  deepEqual(await names("", "failed|left"), ["web-2"]);
});

Deno.test("MemberFilter: RE2 syntax, and its errors in Go's words", async () => {
  deepEqual(await names("(?i)WEB-\\d"), ["web-1", "web-2"]);
  deepEqual(await names("[[:alpha:]]+-\\pN"), ["web-1", "web-2"]);
  await MemberFilter.load();
  const errors: Record<string, string> = {
    "(": "missing closing ): `^($`",
    "a**": "invalid nested repetition operator: `**`",
    "[z-a]": "invalid character class range: `z-a`",
    "a{1001}": "invalid repeat count: `{1001}`",
    "(?=x)": "invalid or unsupported Perl syntax: `(?=`",
  };
  for (const [expression, cause] of Object.entries(errors)) {
    for (const bad of [request(expression), request("", expression), request("", "", { t: expression })]) {
      throws(() => new MemberFilter(bad), {
        name: "RpcError",
        message: `Failed to compile regex: error parsing regexp: ${cause}`,
      });
    }
  }
});

Deno.test("MemberFilter: what would take the agent too long is refused", async () => {
  await MemberFilter.load();
  const tooLarge = /expression too large$/;
  throws(() => new MemberFilter(request(".{1000}".repeat(500))), tooLarge); // before it is compiled
  throws(() => new MemberFilter(request("(.?){1000}(.?){1000}")), tooLarge);
  throws(() => new MemberFilter(request("a+".repeat(60_000))), tooLarge);
  // Not one alone, but all together.
  const tags = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, ".{200}"]));
  throws(() => new MemberFilter(request("", "", tags)), RpcError);
  ok(new MemberFilter(request("[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63})*")).accepts(MEMBERS[0]!));
});

Deno.test("MemberFilter: hostile expressions take linear time", async () => {
  await MemberFilter.load();
  const filter = new MemberFilter(request("(x+x+)+y"));
  ok(!filter.accepts(fakeMember("x".repeat(50_000))));
});
