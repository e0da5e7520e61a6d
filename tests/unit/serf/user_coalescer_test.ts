import { deepEqual } from "../../support/assert.ts";
import type { UserEvent } from "../../../lib/serf/events.ts";
import { UserCoalescer } from "../../../lib/serf/user_coalescer.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { ascii } from "./fakes.ts";

function fixture() {
  const clock = new SimClock();
  const heard: string[] = [];
  const coalescer = new UserCoalescer(clock, (event) => {
    heard.push(`${event.name}@${event.lTime}:${event.payload.length}`);
  });
  const tell = (name: string, lTime: number, coalesce = true, payload = "") => {
    const event: UserEvent = { type: "user", lTime, name, payload: ascii(payload), coalesce };
    coalescer.onEvent(event);
  };
  return { clock, heard, coalescer, tell };
}

Deno.test("UserCoalescer delivers the newest event of each name after a quiet second", () => {
  const f = fixture();
  f.tell("deploy", 3);
  f.tell("deploy", 5);
  f.tell("deploy", 4);
  f.tell("backup", 1);
  f.clock.runFor(999);
  deepEqual(f.heard, []);
  f.clock.runFor(1);
  deepEqual(f.heard, ["deploy@5:0", "backup@1:0"]);
});

Deno.test("UserCoalescer keeps all events of the newest time", () => {
  const f = fixture();
  f.tell("deploy", 5, true, "a");
  f.tell("deploy", 5, true, "bc");
  f.clock.runFor(1000);
  deepEqual(f.heard, ["deploy@5:1", "deploy@5:2"]);
});

Deno.test("UserCoalescer lets those pass at once that may not be coalesced", () => {
  const f = fixture();
  f.tell("deploy", 1);
  f.tell("deploy", 2, false);
  deepEqual(f.heard, ["deploy@2:0"]);
  f.clock.runFor(1000);
  deepEqual(f.heard, ["deploy@2:0", "deploy@1:0"]);
});

Deno.test("UserCoalescer delivers at the latest after three seconds, and begins anew", () => {
  const f = fixture();
  for (let i = 0; i < 35; i++) {
    f.tell("tick", i);
    f.clock.runFor(100);
  }
  deepEqual(f.heard, ["tick@29:0"]);
  f.clock.runFor(1000);
  deepEqual(f.heard, ["tick@29:0", "tick@34:0"]);
});

Deno.test("UserCoalescer holds a bounded number of events", () => {
  const f = fixture();
  for (let i = 0; i < 4096; i++) f.tell(`e${i}`, i);
  deepEqual(f.heard.length, 4096);
  f.tell("late", 5000);
  f.coalescer.stop();
  deepEqual(f.heard.length, 4097);
});
