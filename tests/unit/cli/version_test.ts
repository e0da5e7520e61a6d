import { equal } from "../../support/assert.ts";
import { version } from "../../../lib/cli/commands/version.ts";
import { VERSION } from "../../../lib/version.ts";
import { FakePlatform } from "./fake_platform.ts";

Deno.test("version prints the build and the protocols, whatever its arguments", async () => {
  const fake = new FakePlatform();
  equal(await version.run(["-x", "y"], fake.platform), 0);
  equal(fake.stdout, `${VERSION}\nAgent Protocol: 5 (Understands back to: 2)\n`);
  equal(fake.stderr, "");
});
