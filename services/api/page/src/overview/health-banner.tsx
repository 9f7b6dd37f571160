import type { JSX } from "preact";
import type { Condition } from "../../../../../shared/health/condition.ts";
import type { PageCondition } from "../live/live-refusal.ts";
import { formatMoment } from "../time/format.ts";
import { Icon } from "../ui/icons.tsx";

type Told = Condition | PageCondition;

/** The conditions, since when, and what to do about them; nothing when all is well. */
export function HealthBanner({ health }: { health: readonly Told[] }): JSX.Element | null {
  if (health.length === 0) return null;
  return (
    <section class="problems" aria-label="What needs attention">
      <ul>
        {health.map((condition) => (
          <Line key={`${condition.id} ${condition.subject} ${condition.since}`} condition={condition} />
        ))}
      </ul>
    </section>
  );
}

function Line({ condition: { severity, subject, message, advice, since } }: { condition: Told }): JSX.Element {
  return (
    <li data-tone={severity === "error" ? "bad" : "warn"}>
      <Icon name="warning" />
      <p>
        <span class="visually-hidden">{severity}: </span>
        <strong>{subject}: </strong>
        {message}
        <span class="todo">{advice}</span>
      </p>
      <time dateTime={since}>since {formatMoment(Date.parse(since), Date.now())}</time>
    </li>
  );
}
