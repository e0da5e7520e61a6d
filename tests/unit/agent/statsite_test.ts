import { deepEqual, equal } from "../../support/assert.ts";
import { statsite } from "../../../lib/agent/metric_targets.ts";
import type { Platform, StreamConnection } from "../../../lib/platform/platform.ts";
import { settle } from "./fake_platform.ts";

/** The far end of a stream. */
function createStream() {
  const gone = Promise.withResolvers<null>();
  const written: string[] = [];
  const state = { queuedBytes: 0, closed: 0 };
  const stream: StreamConnection = {
    remote: "127.0.0.1:8125",
    read: () => gone.promise,
    write: (bytes) => written.push(new TextDecoder().decode(bytes)),
    get queuedBytes() {
      return state.queuedBytes;
    },
    drained: () => Promise.resolve(),
    close: () => void state.closed++,
    released: () => Promise.resolve(),
  };
  return { stream, written, state, hangUp: () => gone.resolve(null) };
}

Deno.test("statsite: lines go out on a stream, whose end is noticed", async () => {
  const { stream, written, state, hangUp } = createStream();
  const dialled: unknown[] = [];
  const dialStream = (host: string, port: number) => {
    dialled.push([host, port]);
    return Promise.resolve(stream);
  };
  const target = await statsite("collector:8125", { dialStream } as Partial<Platform> as Platform).open();
  deepEqual(dialled, [["collector", 8125]]);
  target.send(new TextEncoder().encode("a:1.000000|c\n"));
  deepEqual(written, ["a:1.000000|c\n"]);
  // Whoever does not read loses lines, and costs no memory.
  state.queuedBytes = 2_000_000;
  target.send(new TextEncoder().encode("b:1.000000|c\n"));
  equal(written.length, 1);
  equal(target.isBroken, false);
  hangUp();
  await settle();
  equal(target.isBroken, true);
  target.close();
  await settle();
  equal(state.closed, 1);
});
