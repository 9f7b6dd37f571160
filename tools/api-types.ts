import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { register } from "node:module";
import { join } from "node:path";
import { openApiDocument } from "../services/api/openapi/document.ts";

export const API_TYPES = join(import.meta.dirname, "..", "services", "api", "page", "src", "client", "api-types.ts");

const HEAD = "// Made by tools/api-types.ts from services/api/openapi: npm run api-types\n";

/** The types of every request and answer of the api, made from its OpenAPI document. */
export async function makeApiTypes(): Promise<string> {
  useOlderCompiler();
  const { default: openapiTS, astToString } = await import("openapi-typescript");
  const document = JSON.stringify(openApiDocument("0"));
  const types = `${HEAD}${astToString(await openapiTS(document))}`;
  return execFileSync("npx", ["biome", "format", "--stdin-file-path", API_TYPES], { input: types, encoding: "utf8" });
}

/** openapi-typescript prints by TypeScript's own API, which TypeScript 7 no longer has: @ts-morph/common brings the one before. */
function useOlderCompiler(): void {
  const older = `data:text/javascript,export { ts as default } from ${JSON.stringify(import.meta.resolve("@ts-morph/common"))}`;
  const answer = JSON.stringify({ url: older, shortCircuit: true });
  const hook = `export const resolve = (name, context, next) => name === "typescript" ? ${answer} : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

if (process.argv[1] === import.meta.filename) await writeFile(API_TYPES, await makeApiTypes());
