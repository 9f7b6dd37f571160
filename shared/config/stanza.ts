import convict from "convict";
import { maskUrls } from "../logging/mask.ts";
import type { ConfigProblem } from "./config-error.ts";
import { FORMATS, type Leaf } from "./formats.ts";
import type { Schema, Values } from "./schema.ts";

const MAX_SHOWN_CHARACTERS = 100;

/** Where a stanza's values come from. */
export interface Source {
  /** The key of the stanza; empty for the top level. */
  key: readonly string[];
  value: Record<string, unknown>;
  place(key: readonly string[]): string;
  env: NodeJS.ProcessEnv;
}

/**
 * Reads the keys of `schema` through convict: environment variables take precedence over the file, and the file over
 * defaults. Adds to `problems`: unknown keys, with the known key that may have been meant, and values that their format
 * refuses.
 */
export function readStanza<S extends object>(schema: S, source: Source, problems: ConfigProblem[]): Values<S> {
  registerFormats();
  const known = takeKnown(schema as unknown as Schema, source.value, source.key, source, problems);
  const stanza = convict(schema as unknown as convict.Schema<Record<string, unknown>>, { env: source.env, args: [] });
  stanza.load(known);
  for (const [key, leaf] of leaves(schema as unknown as Schema)) {
    const value = stanza.get(key.join(".")) as unknown;
    const format = FORMATS[leaf.format] as (typeof FORMATS)[string];
    if ((leaf.nullable === true && value === null) || format.accepts(value, leaf)) continue;
    const fromEnv = leaf.env !== undefined && source.env[leaf.env] !== undefined;
    const full = [...source.key, ...key];
    problems.push(refusal(full, value, leaf, fromEnv ? `environment variable ${leaf.env}` : source.place(full)));
  }
  return stanza.getProperties() as Values<S>;
}

/** The problem of a value that the format of its key refuses. */
function refusal(key: readonly string[], value: unknown, leaf: Leaf<unknown>, place: string): ConfigProblem {
  const format = FORMATS[leaf.format] as (typeof FORMATS)[string];
  return {
    key: key.join("."),
    value: leaf.sensitive === true ? describeSecret(value) : asJson(value),
    expected: `expected ${format.expected(leaf)}`,
    place,
  };
}

/** Every key of a schema with its leaf. */
export function* leaves(schema: Schema, parent: readonly string[] = []): Generator<[string[], Leaf<unknown>]> {
  for (const [name, node] of Object.entries(schema)) {
    if (isLeaf(node)) yield [[...parent, name], node];
    else yield* leaves(node, [...parent, name]);
  }
}

/** A copy without keys that the schema does not know: convict would throw for some of them, without saying where. */
function takeKnown(
  schema: Schema,
  value: Record<string, unknown>,
  key: readonly string[],
  source: Source,
  problems: ConfigProblem[],
): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    const full = [...key, name];
    const node = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (node === undefined) {
      problems.push(unknownKey(full, Object.keys(schema), source.place(full)));
    } else if (isLeaf(node)) {
      // convict must not get an object in place of a value: it would search the schema for its keys, and throw.
      if (isObject(child)) problems.push(refusal(full, child, node, source.place(full)));
      else known[name] = child;
    } else if (isObject(child)) {
      known[name] = takeKnown(node, child, full, source, problems);
    } else {
      problems.push({
        key: full.join("."),
        value: asJson(child),
        expected: `expected an object with the keys ${Object.keys(node).join(", ")}`,
        place: source.place(full),
      });
    }
  }
  return known;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLeaf(node: Schema | Leaf<unknown>): node is Leaf<unknown> {
  return "default" in node && "format" in node;
}

/** The value of an unknown key is not shown: it may be a password under a misspelled name. */
function unknownKey(key: string[], known: string[], place: string): ConfigProblem {
  const name = (key.at(-1) ?? "").toLowerCase();
  const meant = known.find((candidate) => editDistance(name, candidate.toLowerCase()) <= 2);
  const hint = meant === undefined ? `the keys here are ${known.join(", ")}` : `did you mean "${meant}"?`;
  return { key: key.join("."), expected: `there is no such key: ${hint}`, place };
}

/** The beginning of a value as JSON, with secrets masked. */
function asJson(value: unknown): string {
  const text = maskUrls(JSON.stringify(value));
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}

function describeSecret(value: unknown): string {
  return value === "" ? '""' : typeof value === "string" ? "(hidden)" : `(a ${typeof value})`;
}

/** Levenshtein distance: number of letters to insert, remove or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchange = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** convict keeps formats by name for the whole process; registering the same ones again changes nothing. */
function registerFormats(): void {
  for (const [name, format] of Object.entries(FORMATS)) {
    convict.addFormat({
      name,
      validate(value: unknown, leaf: convict.SchemaObj) {
        if (!format.accepts(value, leaf as Leaf<unknown>))
          throw new Error(`expected ${format.expected(leaf as Leaf<unknown>)}`);
      },
      coerce: (value: unknown) => (typeof value === "string" ? format.coerce(value) : value),
    });
  }
}
