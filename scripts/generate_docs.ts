/**
 * Writes the manual page and the shell completions anew, from the same data that prints the help.
 *
 *     deno task docs
 */
import { generatedDocs } from "./docs/generated_docs.ts";

const ROOT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

for (const [path, text] of await generatedDocs()) {
  const file = `${ROOT}/${path}`;
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(file, text);
  console.log(path);
}
