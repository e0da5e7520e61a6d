import { deepEqual, equal } from "../../support/assert.ts";
import { errorText } from "../../../lib/base/error_text.ts";
import { JoinError, joinErrorText, TransportError } from "../../../lib/base/errors.ts";

Deno.test("joinErrorText() counts, lists with tab and star, and ends with an empty line", () => {
  const cause = new Error("x");
  equal(joinErrorText([{ text: "one", cause }]), "1 error occurred:\n\t* one\n\n");
  equal(
    new JoinError([{ text: "a", cause }, { text: "b", cause }]).message,
    "2 errors occurred:\n\t* a\n\t* b\n\n",
  );
});

Deno.test("TransportError.remote is false only for this host's own faults", () => {
  equal(new TransportError("refused", "").remote, true);
  equal(new TransportError("local", "").remote, false);
});

Deno.test("errorText() is the message of whatever was thrown, and never nothing", () => {
  deepEqual([new Error("no"), "text", 7, new Error("")].map(errorText), ["no", "text", "7", "unknown error"]);
});
