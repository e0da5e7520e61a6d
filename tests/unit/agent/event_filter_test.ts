import { deepEqual, equal } from "../../support/assert.ts";
import { acceptsEvent, parseEventFilters } from "../../../lib/agent/event_filter.ts";

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

Deno.test("acceptsEvent() looks at the name of user events and queries only", () => {
  const about = { type: "user", lTime: 1, payload: new Uint8Array(0), coalesce: false } as const;
  const acceptsUser = (filter: string) =>
    acceptsEvent(parseEventFilters(filter)![0]!, { ...about, name: "x" });
  deepEqual(["*", "user", "user:x", "user:y", "query:x", "member-join"].map(acceptsUser), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  const accepts = (filter: string) =>
    parseEventFilters(filter)!.some((each) => acceptsEvent(each, { type: "member-failed", members: [] }));
  deepEqual(["*", "member-failed", "user,member-failed", "member-join", "user", "query:x"].map(accepts), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
