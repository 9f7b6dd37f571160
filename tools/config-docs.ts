import { readFile, writeFile } from "node:fs/promises";
import { FORMATS, type Leaf } from "../shared/config/formats.ts";
import { reaperSchema } from "../shared/config/reaper-schema.ts";
import { cameraSchema, JSON_ENV, mainSchema, type Schema } from "../shared/config/schema.ts";
import { leaves } from "../shared/config/stanza.ts";

const BEGIN = "<!-- The tables are made by tools/config-docs.ts from shared/config/schema.ts. -->";
const END = "<!-- End of the tables. -->";

/** The tables of docs/configuration.md, made from the schema. */
export function configTables(): string {
  const tables = Object.entries(mainSchema as unknown as Record<string, Schema>).map(([stanza, schema]) =>
    table(`## ${stanza}`, stanza, schema),
  );
  return [
    tables[0],
    table(
      `## cameras\n\nAn object of cameras by id; as JSON in \`${JSON_ENV.cameras}\`. Timers that are left out are those of \`recorder\`.`,
      "cameras.{id}",
      cameraSchema,
    ),
    table(
      `## reaper\n\n**The reaper deletes footage.** Without this stanza nothing is ever deleted, and none of the variables ` +
        `below brings it about; only \`${JSON_ENV.reaper}\`, the stanza as JSON, does.`,
      "reaper",
      reaperSchema,
    ),
    ...tables.slice(1),
  ].join("\n\n");
}

/** The text of docs/configuration.md with its tables replaced. Throws when the markers for them are missing. */
export function withTables(document: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/configuration.md lacks the lines ${BEGIN} and ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${configTables()}\n\n${document.slice(end)}`;
}

function table(head: string, stanza: string, schema: object): string {
  const rows = Array.from(leaves(schema as Schema), ([key, leaf]) => {
    const env = leaf.env === undefined ? "" : `\`${leaf.env}\``;
    return `| \`${[stanza, ...key].join(".")}\` | ${defaultOf(leaf)} | ${cell(FORMATS[leaf.format]?.expected(leaf) ?? "")} | ${env} | ${cell(leaf.doc)} |`;
  });
  return [head, "", "| key | default | value | environment | |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function defaultOf(leaf: Leaf<unknown>): string {
  if (leaf.default === "") return "(required)";
  return leaf.default === null ? "" : `\`${JSON.stringify(leaf.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1]?.endsWith("config-docs.js") === true) {
  await writeFile("docs/configuration.md", withTables(await readFile("docs/configuration.md", "utf8")));
}
