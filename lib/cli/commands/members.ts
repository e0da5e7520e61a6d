/** `serf members` */
import { ipText, joinHostPort } from "../../base/address.ts";
import { parseTagPairs } from "../../base/tag_pair.ts";
import type { RpcMember } from "../../rpc/replies.ts";
import { CommandFailure, defineCommand, orFail } from "../command.ts";
import { flag } from "../flags.ts";
import { checkFormat, columnize, goJson, type JsonValue } from "../output.ts";
import { FORMAT_FLAG, RPC_FLAGS, withClientAtOnce } from "../rpc_options.ts";

const ANCHORED = "The expression has to match as a whole.";

/** Lists the members that the agent knows, in the agent's order. */
export const members = defineCommand({
  name: "members",
  args: "[options]",
  about: ["Lists the members of the cluster as a running agent sees them."],
  flags: [
    flag(
      "detailed",
      "bool",
      "",
      "false",
      "Show protocol versions too. Has no effect on JSON, which always has them.",
    ),
    FORMAT_FLAG,
    flag("name", "text", "=<regexp>", "", `Only members whose name matches. ${ANCHORED}`),
    flag(
      "role",
      "text",
      "=<regexp>",
      "",
      `Only members whose role matches. Deprecated: use '-tag role=<regexp>'. ${ANCHORED}`,
    ),
    flag(
      "status",
      "text",
      "=<regexp>",
      "",
      `Only members whose status matches (alive, leaving, left, failed). ${ANCHORED}`,
    ),
    flag(
      "tag",
      "list",
      " <key>=<regexp>",
      "",
      `Only members whose tag <key> matches. May be repeated; then all have to match. ${ANCHORED}`,
    ),
    ...RPC_FLAGS,
  ],
}, (context) => {
  const { flags, platform: { ui } } = context;
  const filters = [...flags.list("tag") ?? []];
  const role = flags.text("role") ?? "";
  if (role !== "") {
    ui.out("Deprecation warning: 'Role' has been replaced with 'Tags'\n");
    filters.push(`role=${role}`);
  }
  const { tags, invalid } = parseTagPairs(filters);
  if (tags === undefined) throw new CommandFailure(`Error: Invalid tag: '${invalid}'`);
  return withClientAtOnce(context, async (client) => {
    const found = await orFail(
      "Error retrieving members",
      client.membersFiltered(tags, flags.text("status") ?? "", flags.text("name") ?? ""),
    );
    const format = flags.text("format") ?? "text";
    checkFormat(format);
    ui.out(
      (format === "json" ? membersJson(found) : membersText(found, flags.bool("detailed") ?? false)) + "\n",
    );
    return 0;
  });
});

function membersText(members: readonly RpcMember[], detailed: boolean): string {
  return columnize(members.map((member) => {
    const tags = Array.from(member.tags, ([key, value]) => `${key}=${value}`).join(",");
    const row = `${member.name}|${addressText(member)}|${member.status}|${tags}`;
    if (!detailed) return row;
    const { delegateCur, delegateMin, delegateMax } = member;
    return `${row}|Protocol Version: ${delegateCur}|Available Protocol Range: [${delegateMin}, ${delegateMax}]`;
  }));
}

function membersJson(members: readonly RpcMember[]): string {
  const list = members.map((member): JsonValue => ({
    name: member.name,
    addr: addressText(member),
    port: member.port,
    tags: member.tags,
    status: member.status,
    protocol: { max: member.delegateMax, min: member.delegateMin, version: member.delegateCur },
  }));
  return goJson({ members: list.length === 0 ? null : list });
}

/** An agent may list a member whose address it does not know: only `:port` is left then. */
function addressText(member: RpcMember): string {
  return joinHostPort(member.addr.length === 0 ? "" : ipText(member.addr), member.port);
}
