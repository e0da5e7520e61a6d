/** The compiled program as a new user meets it: clean directory, empty environment, no privileges, one clear line. */
import { deepEqual, equal, match, ok } from "../support/assert.ts";
import { eventually, runCommand, RunningAgent, withAgents } from "../support/agents.ts";
import { testOurs } from "../support/binaries.ts";

testOurs("e2e: version prints the release and the protocol", async (ours) => {
  const result = await runCommand(ours, ["version"]);
  equal(result.code, 0);
  match(
    result.stdout,
    /^[0-9]+\.[0-9]+\.[0-9]+\S*( \([0-9a-f]+(\+CHANGES)?\))?\nAgent Protocol: 5 \(Understands back to: 2\)\n$/,
  );
});

testOurs(
  "e2e: a command whose output nobody reads any more ends like one that died of SIGPIPE",
  async (ours) => {
    const script = (command: string) => `exec 4> >(:); wait $!; ${command} >&4; echo $?`;
    for (const command of [`${ours} version`, `${ours} members`, `${ours} agent -h 2>&4`, `${ours} keygen`]) {
      const { stdout } = await runCommand("/bin/bash", ["-c", script(command)]);
      equal(stdout, "141\n", command);
    }
  },
);

testOurs(
  "e2e: a command finds its agent by a host name, and says when there is no such host",
  async (ours) => {
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const agent = new Deno.Command(ours, {
      args: ["agent", "-node=named", "-bind=127.0.71.4", `-rpc-addr=127.0.0.1:${port}`],
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await eventually("it is found", 30_000, async () => {
        const { code, stdout } = await runCommand(ours, ["members", `-rpc-addr=localhost:${port}`]);
        return code === 0 && stdout.startsWith("named  127.0.71.4:7946  alive");
      });
    } finally {
      agent.kill("SIGKILL");
      await agent.status;
    }
    const unknown = await runCommand(ours, ["members", "-rpc-addr=nowhere.invalid:7373"]);
    equal(unknown.code, 1);
    match(unknown.stdout, /lookup nowhere\.invalid: (no such host|Temporary failure in name resolution)\n$/);
  },
);

testOurs("e2e: no command leaves anything behind in a temporary directory", async (ours) => {
  const directory = await Deno.makeTempDir();
  for (const args of [["version"], ["keygen"], ["members"], ["agent", "-h"], []]) {
    await runCommand(ours, args, { cwd: directory, env: { TMPDIR: directory } });
  }
  deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name), []);
  await Deno.remove(directory);
});

testOurs(
  "e2e: a start that cannot work says why in one line and exits with 1",
  (ours) =>
    withAgents(async (start) => {
      await start({ binary: ours, name: "first", host: "127.0.71.1" });
      const cases: [string[], RegExp][] = [
        [["-bind=127.0.71.1"], /==> Failed to start the Serf agent: .*address already in use\n$/],
        [
          ["-bind=127.0.71.2", "-rpc-addr=127.0.71.1:7373"],
          /==> Error starting RPC listener: .*address already in use\n$/,
        ],
        [["-bind=256.0.0.1"], /==> .*256\.0\.0\.1.*\n$/],
        [["-bind=203.0.113.77"], /==> Failed to start the Serf agent: .*cannot assign requested address\n$/],
        [["-encrypt=zzz"], /==> Invalid encryption key: illegal base64 data at input byte [0-9]+\n$/],
        [
          ["-bind=127.0.71.3", "-encrypt=AAAA"],
          /==> Failed to start the Serf agent: .*key size must be 16, 24 or 32 bytes\n$/,
        ],
        [
          ["-config-file=/nowhere.json"],
          /==> Error reading '\/nowhere\.json': open \/nowhere\.json: no such file or directory\n$/,
        ],

        [["-profile=moon"], /==> Unknown profile: moon\n$/],
        [["-protocol=1"], /Protocol version '1' too low\. Must be in range: \[2, 5\]\n$/],
        [["-keyring-file=/nowhere"], /==> Failed to setup the Serf agent: .*no such file or directory\n$/],
      ];
      for (const [args, expected] of cases) {
        const result = await runCommand(ours, ["agent", "-node=x", "-rpc-addr=127.0.71.9:7373", ...args]);
        equal(result.code, 1, `${args}: ${result.stdout}${result.stderr}`);
        match(result.stdout, expected, `${args}`);
        equal(result.stderr, "", `${args}`);
      }
    }),
);

testOurs(
  "e2e: SIGINT leaves gracefully with 0, SIGTERM ends at once with 1",
  (ours) =>
    withAgents(async (start) => {
      const polite = await start({ binary: ours, name: "polite", host: "127.0.71.11" });
      equal(await polite.signal("SIGINT"), 0);
      match(polite.output, /==> Caught signal: interrupt\n==> Gracefully shutting down agent\.\.\.\n/);
      const curt = await start({ binary: ours, name: "curt", host: "127.0.71.12" });
      equal(await curt.signal("SIGTERM"), 1);
      match(curt.output, /==> Caught signal: terminated\n/);
    }),
);

testOurs("e2e: agents meet over IPv6", (ours) =>
  withAgents(async (start) => {
    const shared = { binary: ours, host: "[::1]" };
    const agent = await RunningAgent.start({
      ...shared,
      name: "six",
      args: ["-bind=[::1]:17946", "-rpc-addr=127.0.71.21:7373"],
    });
    try {
      await start({
        binary: ours,
        name: "seven",
        host: "127.0.71.22",
        args: ["-bind=[::1]:17947", "-join=[::1]:17946"],
      });
      const result = await runCommand(ours, ["members", "-rpc-addr=127.0.71.21:7373"]);
      match(result.stdout, /\[::1\]:17946 {2}alive/);
      match(result.stdout, /\[::1\]:17947 {2}alive/);
    } finally {
      await agent.kill();
    }
  }));

testOurs("e2e: `serf members | head -1` ends without a complaint", async (ours) => {
  const result = await runCommand("/bin/sh", [
    "-c",
    `"${ours}" agent -h 2>&1 | head -1; "${ours}" version | head -1`,
  ]);
  equal(result.stderr, "");
  ok(result.stdout.startsWith("Usage: serf agent [options]\n"));
});

testOurs(
  "e2e: nobody in particular can run it, from any directory, and is never asked for a permission",
  async (ours) => {
    const directory = await Deno.makeTempDir();
    try {
      await Deno.chmod(directory, 0o755);
      await Deno.copyFile(ours, `${directory}/serf`);
      await Deno.chmod(`${directory}/serf`, 0o755);
      // A terminal is where Deno would ask; `script` gives it one.
      const agent = `'${directory}/serf' agent -node=x -bind=127.0.71.31 -rpc-addr=127.0.71.31:7373`;
      const result = await new Deno.Command("/usr/bin/timeout", {
        args: ["-s", "INT", "5", "/usr/bin/script", "-qefc", `exec ${agent}`, "/dev/null"],
        cwd: "/",
        clearEnv: true,
        uid: 65534,
        gid: 65534,
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(result.stdout);
      match(text, /Serf agent running!/);
      match(text, /EventMemberJoin: x 127\.0\.71\.31/);
      equal(/permission|allow\?|\[y\/n/i.test(text), false, text);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);
