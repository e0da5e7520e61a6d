import { equal } from "../../support/assert.ts";
import { once } from "../../../lib/base/once.ts";

Deno.test("once() makes nothing before it is asked, and then one thing for ever", () => {
  let made = 0;
  const get = once(() => ({ number: ++made }));
  equal(made, 0);
  const first = get();
  equal(get(), first);
  equal(made, 1);
});
