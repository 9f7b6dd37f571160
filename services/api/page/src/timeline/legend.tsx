import type { JSX } from "preact";
import { useChanges } from "../ui/store.ts";
import type { ConditionSpans } from "./condition-spans.ts";

const COLOURS: readonly (readonly [string, string])[] = [
  ["ready", "recorded"],
  ["waiting", "not yet converted"],
  ["recording", "being recorded"],
  ["gap", "no footage"],
];

/** The legend of the timeline's colours. */
export function Legend({ conditions }: { conditions: ConditionSpans }): JSX.Element {
  useChanges(conditions);
  const shown = conditions.any ? [...COLOURS, ["trouble", "trouble: point at it"] as const] : COLOURS;
  return (
    <ul class="legend" aria-label="Colours of the timeline">
      {shown.map(([kind, meaning]) => (
        <li key={kind}>
          <span class="legend-colour" data-kind={kind} aria-hidden="true" />
          {meaning}
        </li>
      ))}
    </ul>
  );
}
