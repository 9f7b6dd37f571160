import type { LedgerEntries } from "../../../shared/health/ledger.ts";
import type { Delivery } from "./webhook.ts";

/** What the keeper of the health knows, as it outlives it. */
export interface Saved {
  /** The keeper that saved it; undefined when nothing was saved. */
  keeper: string | undefined;
  entries: LedgerEntries;
  /** Messages that the webhook has not accepted. */
  waiting: Delivery[];
}

export function writeSaved({ keeper, entries, waiting }: Saved): string {
  return JSON.stringify({ keeper, entries, waiting });
}

/** What was saved; nothing when that cannot be understood. */
export function readSaved(text: string | null): Saved {
  const nothing = { keeper: undefined, entries: {}, waiting: [] };
  try {
    const { keeper, entries, waiting } = JSON.parse(text ?? "null") as Saved;
    const isWhole = typeof keeper === "string" && typeof entries === "object" && Array.isArray(waiting);
    return isWhole ? { keeper, entries, waiting } : nothing;
  } catch {
    return nothing;
  }
}

/** What is known when one that was on its own finds what another had saved: of what both know, the saved counts. */
export function mergeSaved(saved: Saved, known: Saved): Saved {
  const entries: LedgerEntries = { ...known.entries };
  for (const [key, entry] of Object.entries(saved.entries)) {
    entries[key] = { ...entry, isTold: entry.isTold || known.entries[key]?.isTold === true };
  }
  return { keeper: known.keeper, entries, waiting: [...saved.waiting, ...known.waiting] };
}
