/** What the user sees once the agent runs. surface.md 2.6, to the letter. */
import { hostPortText } from "./address_choice.ts";
import type { AgentConfig } from "./agent_config.ts";

/** Right edge of the labels, the four spaces before every line of information not counted. */
const LABEL_WIDTH = 28;

/** @returns all lines, each with its newline. The advertised address is not aligned: scripts know it so. */
export function bannerText(
  config: Pick<
    AgentConfig,
    "discover" | "nodeName" | "bind" | "advertise" | "rpcAddr" | "snapshotPath" | "profile" | "compression"
  >,
  encrypted: boolean,
): string {
  const { nodeName, bind, advertise, rpcAddr, snapshotPath, profile, compression } = config;
  const lines = [row("Node name", `'${nodeName}'`), row("Bind addr", `'${hostPortText(bind)}'`)];
  if (advertise !== undefined) lines.push(`    Advertise addr: '${hostPortText(advertise)}'\n`);
  lines.push(
    row("RPC addr", `'${rpcAddr}'`),
    row("Encrypted", String(encrypted)),
    row("Snapshot", String(snapshotPath !== "")),
    row("Profile", profile),
    row("Message Compression Enabled", String(compression)),
  );
  if (config.discover !== "") lines.push(row("mDNS cluster", config.discover));
  return `==> Serf agent running!\n${lines.join("")}`;
}

function row(label: string, value: string): string {
  return `    ${`${label}:`.padStart(LABEL_WIDTH)} ${value}\n`;
}
