/**
 * Makes the code cache of the commands' script: the bytecode of what `serf members` runs, and the outlines of the rest.
 * With it the command ends a sixth sooner; most of what is in it, all commands share.
 *
 * Only a run tells V8 what is worth keeping: so a program that is compiled as the executable is, and hence takes the
 * same cache, runs the command against an agent of one answer.
 */
import { deflateRawSync } from "node:zlib";
import { encodeResponseHeader } from "../lib/rpc/messages.ts";
import { encodeMembersHeader } from "../lib/rpc/replies.ts";
import { MsgpackWriter } from "../lib/wire/msgpack_writer.ts";
import { CLIENT, PACKED_CLIENT } from "./bundle.ts";
import { BuildError, compileExecutable, run } from "./compile.ts";
import { executableFor } from "./targets.ts";

/** With arguments: the commands' program, whose code is written when it ends. Without any: whether it can be read. */
const MAKER_TEXT = `import { Script } from "node:vm";
const source = Deno.readTextFileSync(import.meta.dirname + "/${CLIENT}");
const path = Deno.env.get("CODE_CACHE");
if (Deno.args.length > 0) {
  const script = new Script(source, { filename: "client.js" });
  addEventListener("unload", () => Deno.writeFileSync(path, script.createCachedData()));
  script.runInThisContext();
} else {
  const cachedData = Deno.readFileSync(path);
  Deno.exit(new Script(source, { filename: "client.js", cachedData }).cachedDataRejected ? 1 : 0);
}
`;

/**
 * Writes the packed script and its code cache into the bundle. The cache is empty for a target that is not this
 * machine's: nothing can be run for it here.
 *
 * @param root the project's directory.
 * @param directory of the bundle.
 * @throws {BuildError} when the cache cannot be made, or V8 would refuse it.
 */
export async function packClient(root: string, directory: string, target: string): Promise<void> {
  const cache = target === Deno.build.target ? await codeCache(root, directory) : new Uint8Array(0);
  const text = await Deno.readFile(`${directory}/${CLIENT}`);
  await Deno.writeFile(`${directory}/${PACKED_CLIENT.text}`, deflateRawSync(text));
  await Deno.writeFile(`${directory}/${PACKED_CLIENT.cache}`, deflateRawSync(cache));
}

async function codeCache(root: string, directory: string): Promise<Uint8Array> {
  const entry = `${directory}/cache_maker.js`, cache = `${directory}/client.cache`;
  const maker = `${directory}/${executableFor(Deno.build.target)}`;
  await Deno.writeTextFile(entry, MAKER_TEXT);
  await compileExecutable(root, entry, Deno.build.target, maker, [`${directory}/${CLIENT}`]);
  using agent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  answerOne(agent).catch(() => {}); // the client tells
  const args = ["members", `-rpc-addr=127.0.0.1:${agent.addr.port}`];
  const made = await run(root, maker, args, { CODE_CACHE: cache }, true);
  if (!made.ok || !made.text.includes("alive")) throw new BuildError(`no code cache: ${made.text.trim()}`);
  const taken = await run(root, maker, [], { CODE_CACHE: cache }, true);
  if (!taken.ok) throw new BuildError(`V8 refuses the code cache: ${taken.text.trim()}`);
  await Deno.remove(maker);
  return await Deno.readFile(cache);
}

/** Is the agent of one client: accepts its greeting, and lists one member. */
async function answerOne(agent: Deno.TcpListener): Promise<void> {
  using client = await agent.accept();
  await client.read(new Uint8Array(1024));
  const writer = new MsgpackWriter(256, "new");
  encodeResponseHeader(writer, 1, "");
  encodeResponseHeader(writer, 2, "");
  encodeMembersHeader(writer, 1);
  writer.mapHeader(6).string("Name").string("a").string("Addr").bytes(Uint8Array.of(127, 0, 0, 1));
  writer.string("Port").uint(7946).string("Tags").mapHeader(1).string("role").string("web");
  writer.string("Status").string("alive").string("DelegateCur").uint(5);
  await client.write(writer.view());
  // The client goes first, as it does with an agent.
  while (await client.read(new Uint8Array(1024)) !== null);
}
