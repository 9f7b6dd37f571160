import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";
import { openApiDocument } from "../services/api/openapi/document.ts";

export const API_TYPES = join(import.meta.dirname, "..", "services", "api", "page", "src", "client", "api-types.ts");

const HEAD = "// Made by tools/api-types.ts from services/api/openapi: npm run api-types\n";

/** The types of all requests and answers of the api, made from its OpenAPI document. */
export async function makeApiTypes(): Promise<string> {
  const document = JSON.stringify(openApiDocument("0"));
  const types = `${HEAD}${astToString(await openapiTS(document))}`;
  return execFileSync("npx", ["biome", "format", "--stdin-file-path", API_TYPES], { input: types, encoding: "utf8" });
}

if (process.argv[1] === import.meta.filename) await writeFile(API_TYPES, await makeApiTypes());
