import { deepEqual, equal } from "../../support/assert.ts";
import { acceptsMemberEvent, parseEventFilters } from "../../../lib/agent/event_filter.ts";

Deno.test("parseEventFilters() takes a comma list; nothing means everything", () => {
  deepEqual(parseEventFilters(""), [{ kind: "*", name: "" }]);
  deepEqual(parseEventFilters("member-join,user:deploy,query"), [
    { kind: "member-join", name: "" },
    { kind: "user", name: "deploy" },
    { kind: "query", name: "" },
  ]);
  deepEqual(parseEventFilters("user:a:b=c d\n"), [{ kind: "user", name: "a:b=c d\n" }]);
  deepEqual(parseEventFilters("query:"), [{ kind: "query", name: "" }]);
});

Deno.test("parseEventFilters() refuses the whole list for one bad entry", () => {
  for (
    const bad of [
      "zork",
      "user,",
      ",user",
      "user, query",
      "member-join:x",
      "*:x",
      "User",
      "user=x",
      " ",
      "users",
    ]
  ) {
    equal(parseEventFilters(bad), undefined, bad);
  }
});

Deno.test("acceptsMemberEvent() looks at kinds only", () => {
  const accepts = (filter: string) => acceptsMemberEvent(parseEventFilters(filter)!, "member-failed");
  deepEqual(["*", "member-failed", "user,member-failed", "member-join", "user", "query:x"].map(accepts), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
