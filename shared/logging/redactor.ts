import { MASK, maskUrls } from "./mask.ts";

const MAX_DEPTH = 8;

/** Returns the current secrets, in every spelling; the same set object until they change. */
export type Secrets = () => ReadonlySet<string>;

/**
 * Masks secrets in everything that is logged: what looks like a secret, and the configured ones wherever they appear.
 */
export class Redactor {
  readonly #current: Secrets;
  #seen: ReadonlySet<string> | undefined;
  /** Secrets of earlier configurations are kept. */
  readonly #secrets = new Set<string>();
  #longestFirst: string[] = [];

  constructor(secrets: Secrets) {
    this.#current = secrets;
    this.update();
  }

  /**
   * Adds the secrets of the current configuration. To be called at each change of it by owners that rarely mask
   * anything, so that no secret is missed.
   */
  update(): void {
    const current = this.#current();
    if (current === this.#seen) return;
    this.#seen = current;
    for (const secret of current) this.#secrets.add(secret);
    this.#longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    this.update();
    let masked = text;
    for (const secret of this.#longestFirst) masked = masked.replaceAll(secret, MASK);
    return maskUrls(masked);
  }

  /**
   * A copy of a value for JSON, with secrets masked in every string and key; errors become objects with message, code
   * and cause.
   */
  value(value: unknown, withStacks: boolean): unknown {
    return this.#copy(value, withStacks, 0);
  }

  #copy(value: unknown, withStacks: boolean, depth: number): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number" || typeof value === "bigint") {
      const text = String(value);
      const masked = this.text(text);
      return masked === text && typeof value === "number" ? value : masked;
    }
    if (typeof value !== "object" || value === null) return typeof value === "function" ? "(function)" : value;
    if (depth >= MAX_DEPTH) return "…";
    const copy = (child: unknown) => this.#copy(child, withStacks, depth + 1);
    if (value instanceof Error) return copyError(value, withStacks, copy);
    if (value instanceof URL || value instanceof RegExp) return this.text(String(value));
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
    if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
    if (value instanceof Map) return Array.from(value, copy);
    if (Array.isArray(value) || value instanceof Set) return Array.from(value, copy);
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [this.text(key), copy(child)]));
  }
}

function copyError(error: Error, withStacks: boolean, copy: (value: unknown) => unknown): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const copied: Record<string, unknown> = { name: copy(name), message: copy(message) };
  for (const [key, value] of Object.entries(error)) if (!(key in copied)) copied[String(copy(key))] = copy(value);
  if (withStacks && stack !== undefined) copied.stack = copy(stack);
  if (cause !== undefined) copied.cause = copy(cause);
  if (error instanceof AggregateError) copied.errors = copy(error.errors);
  return copied;
}
