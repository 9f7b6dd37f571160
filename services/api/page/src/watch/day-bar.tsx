import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { formatDate } from "../time/format.ts";
import { parseTypedTime } from "../time/typed-time.ts";
import { Icon } from "../ui/icons.tsx";
import { useChanges } from "../ui/store.ts";
import type { Viewing } from "./viewing.ts";

/** The displayed day, the previous and next days, and a field for any moment. */
export function DayBar({ viewing }: { viewing: Viewing }): JSX.Element {
  useChanges(viewing);
  const picker = useRef<HTMLInputElement>(null);
  const { timeMs } = viewing;
  return (
    <div class="day-bar">
      <div class="day-steps">
        <button
          type="button"
          class="quiet"
          aria-label="The day before"
          title="The day before (Ctrl ←)"
          onClick={() => viewing.moveDays(-1)}
        >
          <Icon name="previous" />
        </button>
        <button type="button" class="quiet day-name" title="Choose a day" onClick={() => picker.current?.showPicker()}>
          <Icon name="calendar" /> {formatDate(timeMs)}
        </button>
        <input
          ref={picker}
          class="day-picker"
          type="date"
          tabIndex={-1}
          aria-hidden="true"
          value={isoDay(timeMs)}
          onChange={(event) => goToDay(viewing, event.currentTarget.value)}
        />
        <button
          type="button"
          class="quiet"
          aria-label="The day after"
          title="The day after (Ctrl →)"
          onClick={() => viewing.moveDays(1)}
        >
          <Icon name="next" />
        </button>
      </div>
      <TimeField viewing={viewing} />
      <button type="button" title="The newest minute (N)" onClick={() => void viewing.goToNewest()}>
        Newest
      </button>
    </div>
  );
}

function TimeField({ viewing }: { viewing: Viewing }): JSX.Element {
  const [problem, setProblem] = useState<string>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("time") as HTMLInputElement;
    const typed = parseTypedTime(field.value, viewing.timeMs, Date.now());
    if ("problem" in typed) return setProblem(typed.problem);
    setProblem(undefined);
    viewing.seek(typed.timeMs);
    field.value = "";
    field.blur();
  };
  return (
    <form class="time-field" onSubmit={submit}>
      <input
        id="go-to-time"
        name="time"
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder="Go to 14:33 or 24.11. 8:00"
        aria-label="Go to a date and time"
        aria-invalid={problem !== undefined}
        aria-describedby="go-to-problem"
        onInput={() => setProblem(undefined)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <span id="go-to-problem" class="field-problem" role="alert">
        {problem}
      </span>
    </form>
  );
}

/** Goes to the same time of day on the chosen day. */
function goToDay(viewing: Viewing, day: string): void {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined || Number.isNaN(date)) return;
  const wanted = new Date(viewing.timeMs);
  wanted.setFullYear(year, month - 1, date);
  viewing.seek(wanted.getTime());
  viewing.showDay();
}

function isoDay(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}
