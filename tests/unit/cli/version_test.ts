import { equal } from "node:assert/strict";
import { version, versionText } from "../../../lib/cli/commands/version.ts";
import { VERSION } from "../../../lib/version.ts";
import { FakePlatform } from "./fake_platform.ts";

Deno.test("versionText() adds the commit to a pre-release only", () => {
  equal(versionText("1.2.3", "abc1234"), "1.2.3");
  equal(versionText("1.2.3-dev", "abc1234"), "1.2.3-dev (abc1234)");
  equal(versionText("1.2.3-dev", ""), "1.2.3-dev");
});

Deno.test("version prints the build and the protocols, whatever its arguments", async () => {
  const fake = new FakePlatform();
  equal(await version.run(["-x", "y"], fake.platform), 0);
  equal(fake.stdout.startsWith(VERSION), true);
  equal(fake.stdout.split("\n")[1], "Agent Protocol: 5 (Understands back to: 2)");
  equal(fake.stderr, "");
});
