import { equal, ok } from "../../support/assert.ts";
import { COMMANDS } from "../../../lib/cli/command_table.ts";
import { flag } from "../../../lib/cli/flags.ts";
import { renderHelp } from "../../../lib/cli/help.ts";

Deno.test("renderHelp() wraps paragraphs, and descriptions in a column of their own", () => {
  const help = renderHelp({
    name: "x",
    args: "[options] name",
    about: [
      "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.",
      "Second.",
    ],
    flags: [
      flag("on", "bool", "", "false", "Short."),
      flag(
        "rpc-addr",
        "text",
        "=127.0.0.1:7373",
        "127.0.0.1:7373",
        "A description that does not fit into one line.",
      ),
      flag("a-very-long-flag-name", "text", "=<value>", "", "Below."),
    ],
    notes: [{ title: "Notes", about: ["Third."] }],
  });
  equal(
    help,
    `Usage: serf x [options] name

  One two three four five six seven eight nine ten eleven twelve thirteen
  fourteen fifteen.

  Second.

Options:

  -on                       Short.
  -rpc-addr=127.0.0.1:7373  A description that does not fit into one line.
  -a-very-long-flag-name=<value>
                            Below.

Notes:

  Third.`,
  );
});

Deno.test("renderHelp() says nothing about a command without a description", () => {
  equal(renderHelp({ name: "version", args: "", about: [], flags: [] }), "");
});

Deno.test("every command's help names it and all its flags, and fits 80 columns", async () => {
  for (const entry of COMMANDS) {
    const command = await entry.load();
    equal(command.spec.name, entry.name);
    equal(command.help, renderHelp(command.spec));
    if (entry.name === "version") continue;
    ok(command.help.startsWith(`Usage: serf ${entry.name}`), entry.name);
    for (const line of command.help.split("\n")) ok(line.length < 80 && line === line.trimEnd(), line);
    for (const each of command.spec.flags) {
      ok(command.help.includes(`\n  -${each.name}${each.hint}`), `${entry.name} -${each.name}`);
      ok(each.about.endsWith("."), `${entry.name} -${each.name}`);
    }
  }
});

// The first lines and the flags with their values, as HashiCorp's Serf prints them.
Deno.test("usage lines and flags are those that users know", async () => {
  const common = ["-rpc-addr=127.0.0.1:7373", '-rpc-auth=""'];
  const known: Record<string, [usage: string, flags: string[]]> = {
    "force-leave": ["Usage: serf force-leave [options] name", [...common, "-prune"]],
    info: ["Usage: serf info [options]", ["-format", ...common]],
    join: ["Usage: serf join [options] address ...", ["-replay", ...common]],
    keygen: ["Usage: serf keygen", []],
    leave: ["Usage: serf leave", common],
    members: ["Usage: serf members [options]", [
      "-detailed",
      "-format",
      "-name=<regexp>",
      "-role=<regexp>",
      "-status=<regexp>",
      "-tag <key>=<regexp>",
      ...common,
    ]],
    monitor: ["Usage: serf monitor [options]", ["-log-level=info", ...common]],
    rtt: ["Usage: serf rtt [options] node1 [node2]", common],
    tags: ["Usage: serf tags [options] ...", [...common, "-set key=value", "-delete key"]],
    agent: ["Usage: serf agent [options]", [
      "-bind=0.0.0.0:7946",
      "-iface",
      "-advertise=0.0.0.0",
      "-rpc-addr=127.0.0.1:7373",
      "-profile=[lan|wan|local]",
      "-protocol=n",
      "-disable-compression",
      "-broadcast-timeout=5s",
      "-join=addr",
      "-replay",
      "-retry-join=addr",
      "-retry-interval=30s",
      "-retry-max=0",
      "-discover=cluster",
      "-mdns-iface",
      "-mdns-disable-ipv4",
      "-mdns-disable-ipv6",
      "-node=hostname",
      "-tag key=value",
      "-tags-file=/path/to/file",
      "-role=foo",
      "-encrypt=foo",
      "-keyring-file",
      "-config-file=foo",
      "-config-dir=foo",
      "-log-level=info",
      "-syslog",
      "-event-handler=foo",
      "-snapshot=path/to/file",
      "-rejoin",
    ]],
  };
  for (const [name, [usage, flags]] of Object.entries(known)) {
    const command = await COMMANDS.find((entry) => entry.name === name)!.load();
    equal(command.help.split("\n")[0], usage);
    equal(command.spec.flags.map((each) => `-${each.name}${each.hint}`).join("\n"), flags.join("\n"));
  }
});
