/** What HashiCorp's agent 0.9.4 gives a script. */
import { deepEqual, equal } from "../../support/assert.ts";
import { scriptEnvironment, scriptInput } from "../../../lib/agent/script_input.ts";
import type { SerfEvent } from "../../../lib/serf/events.ts";
import { decodeText } from "../../../lib/wire/text.ts";
import { member, memberEvent, queryEvent, userEvent } from "./handler_events.ts";

const BARE = { name: "me", tags: new Map<string, string>() };

function inputText(event: SerfEvent): string {
  const bytes = scriptInput(event);
  return decodeText(bytes, 0, bytes.length);
}

Deno.test("scriptEnvironment() names the event and the node, and always a role", () => {
  deepEqual(scriptEnvironment(memberEvent("member-join", member("a")), BARE), {
    SERF_EVENT: "member-join",
    SERF_SELF_NAME: "me",
    SERF_SELF_ROLE: "",
  });
});

Deno.test("scriptEnvironment() has a variable for each tag, in letters that a shell takes", () => {
  const tags = new Map([
    ["role", "web"],
    ["my-tag.x", "1"],
    ["9 lives", "a=b"],
    ["stra\u00dfe", "s"],
    ["\u017f\u{1f600}\udc80", "t"],
    ["", "u"],
  ]);
  deepEqual(scriptEnvironment(userEvent("deploy", "", 7), { name: "me", tags }), {
    SERF_EVENT: "user",
    SERF_SELF_NAME: "me",
    SERF_SELF_ROLE: "web",
    SERF_TAG_ROLE: "web",
    SERF_TAG_MY_TAG_X: "1",
    SERF_TAG_9_LIVES: "a=b",
    SERF_TAG_STRA_E: "s",
    SERF_TAG_S__: "t",
    SERF_TAG_: "u",
    SERF_USER_EVENT: "deploy",
    SERF_USER_LTIME: "7",
  });
});

Deno.test("scriptEnvironment() tells of a query its name and time, and not who asks", () => {
  deepEqual(scriptEnvironment(queryEvent("load"), BARE), {
    SERF_EVENT: "query",
    SERF_SELF_NAME: "me",
    SERF_SELF_ROLE: "",
    SERF_QUERY_NAME: "load",
    SERF_QUERY_LTIME: "5",
  });
});

Deno.test("scriptInput() has one line per member: name, IP, role, tags", () => {
  const event = memberEvent(
    "member-failed",
    member("a", "10.0.0.1", { role: "web", dc: "e" }),
    member("b", "fe80::1"),
    member("c", "::ffff:10.0.0.3", { x: "" }),
  );
  equal(inputText(event), "a\t10.0.0.1\tweb\trole=web,dc=e\nb\tfe80::1\t\t\nc\t10.0.0.3\t\tx=\n");
});

Deno.test("scriptInput() keeps a member's line one line of four columns", () => {
  const event = memberEvent("member-join", member("a\tb\n\\n", "10.0.0.1", { role: "r\t", "k\n": "v,=\t" }));
  equal(inputText(event), "a\\tb\\n\\n\t10.0.0.1\tr\\t\trole=r\\t,k\\n=v,=\\t\n");
});

Deno.test("scriptInput() is a payload's bytes, with a newline at the end unless there are none", () => {
  equal(inputText(userEvent("e", "")), "");
  equal(inputText(userEvent("e", "a")), "a\n");
  equal(inputText(userEvent("e", "a\n")), "a\n");
  equal(inputText(userEvent("e", "\n\nb")), "\n\nb\n");
  equal(inputText(userEvent("e", "a\n\udcff")), "a\n\udcff\n");
  equal(inputText(queryEvent("q")), "ask\n");
});

Deno.test("scriptInput() does not write to the payload", () => {
  const event = userEvent("e", "a");
  scriptInput(event);
  deepEqual([...event.payload], [0x61]);
});
