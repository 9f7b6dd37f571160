import type { LedgerEntries } from "../../../shared/health/ledger.ts";
import type { Delivery } from "./webhook.ts";

/** What the keeper knows, in the form that it saves for its successor. */
export interface Saved {
  /** The keeper that saved it; undefined when nothing was saved. */
  keeper: string | undefined;
  entries: LedgerEntries;
  /** Messages that the webhook has not accepted. */
  waiting: Delivery[];
}

export function formatSaved({ keeper, entries, waiting }: Saved): string {
  return JSON.stringify({ keeper, entries, waiting });
}

/** Parses what was saved; without entries and messages when it cannot be parsed. */
export function parseSaved(text: string | null): Saved {
  const nothing = { keeper: undefined, entries: {}, waiting: [] };
  try {
    const { keeper, entries, waiting } = JSON.parse(text ?? "null") as Saved;
    const isWhole = typeof keeper === "string" && typeof entries === "object" && Array.isArray(waiting);
    return isWhole ? { keeper, entries, waiting } : nothing;
  } catch {
    return nothing;
  }
}

/** Merges what a process found on its own, without Redis, with what another had saved; saved entries win. */
export function mergeSaved(saved: Saved, known: Saved): Saved {
  const entries: LedgerEntries = { ...known.entries };
  for (const [key, entry] of Object.entries(saved.entries)) {
    entries[key] = { ...entry, isTold: entry.isTold || known.entries[key]?.isTold === true };
  }
  return { keeper: known.keeper, entries, waiting: [...saved.waiting, ...known.waiting] };
}
