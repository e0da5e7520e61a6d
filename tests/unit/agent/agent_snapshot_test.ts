import { deepEqual, equal, ok, rejects } from "../../support/assert.ts";
import { Agent } from "../../../lib/agent/agent.ts";
import type { AgentFlags } from "../../../lib/agent/agent_flags.ts";
import { readSettings, resolveConfig } from "../../../lib/agent/config_validate.ts";
import { StorageError } from "../../../lib/base/errors.ts";
import type { Storage } from "../../../lib/base/ports.ts";
import { SimClock } from "../../../lib/sim/sim_clock.ts";
import { SimNetwork } from "../../../lib/sim/sim_network.ts";
import { FakePlatform, inTime, pass } from "./fake_platform.ts";

async function create(flags: AgentFlags, platform: FakePlatform): Promise<Agent> {
  const config = await resolveConfig(readSettings(flags, platform, () => {}), platform, () => {});
  return await Agent.create(config, platform);
}

const textOf = (platform: FakePlatform) => new TextDecoder().decode(platform.disks.get("/s")!.content);
const namesOf = (agent: Agent) => agent.members().map(({ name }) => name).sort();

Deno.test("An agent with a snapshot finds its cluster again, and after a leave only with -rejoin", async () => {
  const network = new SimNetwork(new SimClock(), 3);
  const platform = new FakePlatform({ network });
  const other = await create({ node: "b", bind: "10.1.0.2" }, new FakePlatform({ network }));
  const flags: AgentFlags = { node: "a", bind: "10.1.0.1", snapshot: "/s" };

  const first = await create(flags, platform);
  await inTime(platform, first.join(["10.1.0.2"], false));
  await pass(platform, 1000);
  first.shutdown();
  ok(textOf(platform).includes("alive: b 10.1.0.2:7946\n"), textOf(platform));

  const second = await create(flags, platform);
  await pass(platform, 1000);
  deepEqual(namesOf(second), ["a", "b"]);
  await inTime(platform, second.leave());
  second.shutdown();
  ok(textOf(platform).includes("\nleave\n"), textOf(platform));

  const away = await create(flags, platform);
  await pass(platform, 1000);
  deepEqual(namesOf(away), ["a"]);
  away.shutdown();
  other.shutdown();
});

Deno.test("An agent with -rejoin comes back although it had left", async () => {
  const network = new SimNetwork(new SimClock(), 3);
  const platform = new FakePlatform({ network });
  const other = await create({ node: "b", bind: "10.1.0.2" }, new FakePlatform({ network }));
  const flags: AgentFlags = { node: "a", bind: "10.1.0.1", snapshot: "/s", rejoin: true };
  const first = await create(flags, platform);
  await inTime(platform, first.join(["10.1.0.2"], false));
  await inTime(platform, first.leave());
  first.shutdown();
  const second = await create(flags, platform);
  await pass(platform, 1000);
  deepEqual(namesOf(second), ["a", "b"]);
  equal(other.members().find(({ name }) => name === "a")!.status, 1);
  second.shutdown();
  other.shutdown();
});

Deno.test("A snapshot that cannot be read, or an address that is taken, leaves nothing open", async () => {
  for (const taken of [false, true]) {
    const platform = new FakePlatform({ taken: taken ? ["10.1.0.1:7946"] : [] });
    let closed = 0;
    platform.openStorage = () =>
      Promise.resolve<Storage>({
        size: 0,
        read() {
          throw new StorageError("read /s: input/output error");
        },
        append() {},
        flush() {},
        sync() {},
        replace() {},
        close: () => void closed++,
      });
    const message = taken
      ? /bind: address already in use$/
      : /^Failed to start the Serf agent: Error creating Serf: Failed to setup snapshot: read \/s: input\/output error$/;
    await rejects(create({ node: "a", bind: "10.1.0.1", snapshot: "/s" }, platform), { message });
    equal(closed, 1);
  }
});
