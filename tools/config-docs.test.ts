import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { withTables } from "./config-docs.ts";

test("docs/configuration.md is in step with the schema (else: npm run build:server && node dist/tools/config-docs.js)", async () => {
  const document = await readFile(new URL("../docs/configuration.md", import.meta.url), "utf8");
  expect(document).toBe(withTables(document));
});
