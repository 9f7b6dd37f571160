import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { ConfigError, type ConfigProblem } from "./config-error.ts";

/** The content of a configuration file, and the position of each key in it. */
export interface ConfigText {
  value: Record<string, unknown>;
  /** `{file}:{line}:{column}` of a key's value, or just the file when the key is not in it. */
  place(key: readonly string[]): string;
}

/**
 * Parses JSON with comments and trailing commas; `name` is the file's name in messages. Throws ConfigError, with line
 * and column, for text that is not JSON (an empty file, too: it may be in the middle of being written) or not an
 * object, and for a duplicate key (of two cameras with the same id, JSON would drop one).
 */
export function parseConfigText(text: string, name: string): ConfigText {
  const lineStarts = findLineStarts(text);
  const at = (offset: number) => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    return `${name}:${line + 1}:${offset - (lineStarts[line] ?? 0) + 1}`;
  };
  const errors: ParseError[] = [];
  const withoutMark = text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text;
  const root = parseTree(withoutMark, errors, { allowTrailingComma: true });
  const problems: ConfigProblem[] = errors.map(({ error, offset }) => ({
    key: "",
    expected: `this is not JSON (with comments): ${inWords(printParseErrorCode(error))}`,
    place: at(offset),
  }));
  if (problems.length > 0) throw new ConfigError(problems);
  if (root === undefined) return { value: {}, place: () => name };
  if (root.type !== "object") {
    throw new ConfigError([{ key: "", expected: "expected an object: { … }", place: at(root.offset) }]);
  }
  const value = toValue(root, [], (key, offset) => {
    problems.push({
      key: key.join("."),
      expected: "this key is there twice: remove one of the two",
      place: at(offset),
    });
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    value: value as Record<string, unknown>,
    place(key) {
      const node = findNodeAtLocation(root, [...key]);
      return node === undefined ? name : at(node.parent?.type === "property" ? node.parent.offset : node.offset);
    },
  };
}

function toValue(node: Node, key: string[], twice: (key: string[], offset: number) => void): unknown {
  if (node.type === "array") return (node.children ?? []).map((child, i) => toValue(child, [...key, String(i)], twice));
  if (node.type !== "object") return node.value;
  const object = {};
  for (const property of node.children ?? []) {
    const [nameNode, valueNode] = property.children ?? [];
    if (nameNode === undefined || valueNode === undefined) continue;
    const name = String(nameNode.value);
    if (Object.hasOwn(object, name)) twice([...key, name], nameNode.offset);
    const value = toValue(valueNode, [...key, name], twice);
    // Assigning to a key named __proto__ would set the prototype and hide the key from the search for unknown keys.
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let i = text.indexOf("\n"); i !== -1; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return starts;
}

/** `CloseBraceExpected` → `close brace expected`. */
function inWords(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}
