/** Targets that are short texts of users and files. */
import fc from "fast-check";
import { decodeGoBase64 } from "../../../lib/agent/go_base64.ts";
import { ipText, parseIp } from "../../../lib/base/address.ts";
import { OptionError } from "../../../lib/base/errors.ts";
import { formatGoDurationNs, parseGoDurationNs } from "../../../lib/base/go_duration.ts";
import { parsePort, splitHostPort } from "../../../lib/base/host_port.ts";
import { agent } from "../../../lib/cli/commands/agent.ts";
import { FlagError, parseFlags } from "../../../lib/cli/flags.ts";
import type { Target } from "../support/target.ts";
import { textTarget } from "./text_target.ts";

const base64 = textTarget<Uint8Array>(
  "base64",
  ["AAECAwQFBgcICQoLDA0ODw==", "AA==", "AAA=", "AAAA\nBBBB\r\n"],
  ["=", "\n", "\r", "/", "+", "-"],
  [Error],
  decodeGoBase64,
  (bytes) => btoa(String.fromCharCode(...bytes)),
  fc.uint8Array({ maxLength: 60, size: "max" }),
);

const durations = textTarget<bigint>(
  "duration",
  ["1h2m3.5s", "300ms", "-1.5h", "0", "9223372036854775807ns", "1us", "1\u00b5s", "2540400h10m10.000000000s"],
  ["h", "m", "s", "ms", "us", "ns", ".", "-", "+", "0", "9999999999", "\u00b5s", "\u03bcs"],
  [OptionError],
  parseGoDurationNs,
  formatGoDurationNs,
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
);

const addresses = textTarget<{ ip: Uint8Array | undefined; port: number }>(
  "address",
  [
    "127.0.0.1:7946",
    "[::1]:7946",
    "[fe80::1%eth0]:1",
    "[::ffff:10.0.0.1]:80",
    "[2001:db8::8:800:200c:417a]:65535",
  ],
  [":", "::", "[", "]", "%", ".", "0", "ffff", "65536", "256"],
  [OptionError],
  (text) => {
    const { host, port } = splitHostPort(text);
    return { ip: parseIp(host), port: parsePort(port) };
  },
  ({ ip, port }) => {
    if (ip === undefined) return undefined;
    return ip.length === 4 ? `${ipText(ip)}:${port}` : `[${ipText(ip)}]:${port}`;
  },
  fc.record({
    ip: fc.constantFrom(4, 16).chain((length) =>
      fc.array(fc.constantFrom(0, 0, 1, 32, 254), { minLength: length, maxLength: length })
    ).map((list) => Uint8Array.from(list)),
    port: fc.nat(65_535),
  }),
);

const flags = textTarget(
  "flags",
  ["-node=a\0-bind=127.0.0.1\0-tag\0a=b\0-join=x\0-join\0y", "-protocol=5\0--replay\0rest", "-h", "--\0-x"],
  [
    "\0",
    "-",
    "--",
    "=",
    "-protocol=",
    "-retry-max=",
    "-replay=",
    "0x7f",
    "1_000",
    "9223372036854775808",
    "true",
    "-tag\0",
  ],
  [FlagError],
  (text) => {
    const parsed = parseFlags(agent.spec.flags, text.split("\0"));
    return [
      parsed.int("protocol"),
      parsed.bool("replay"),
      parsed.list("tag"),
      parsed.text("bind"),
      ...parsed.rest,
    ];
  },
);

/** Short texts. */
export const TEXT_TARGETS: readonly Target[] = [base64, durations, addresses, flags];
