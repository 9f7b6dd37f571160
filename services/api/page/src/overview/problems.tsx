import type { JSX } from "preact";
import type { SystemProblem, SystemStatus } from "../client/types.ts";
import { formatMoment } from "../time/format.ts";
import { Icon } from "../ui/icons.tsx";

/** What is wrong and what to do about it. A camera's own trouble stands on its card; here it is named in a line. */
export function Problems({ status }: { status: SystemStatus }): JSX.Element | null {
  if (status.problems.length === 0 && status.warnings.length === 0) return null;
  return (
    <section class="problems" aria-label="What needs attention">
      <ul>
        {status.problems.map((problem) => (
          <Problem key={keyOf(problem)} problem={problem} tone="bad" />
        ))}
        {status.warnings.map((warning) => (
          <Problem key={keyOf(warning)} problem={warning} tone="warn" />
        ))}
      </ul>
    </section>
  );
}

function Problem({ problem, tone }: { problem: SystemProblem; tone: "bad" | "warn" }): JSX.Element {
  const subject = problem.camera ?? problem.disk;
  return (
    <li data-tone={tone}>
      <Icon name="warning" />
      <p>
        {subject !== undefined && <strong>{subject}: </strong>}
        {problem.message}
        {problem.todo !== undefined && <span class="todo"> {problem.todo}</span>}
      </p>
      {problem.since !== undefined && (
        <time dateTime={problem.since}>since {formatMoment(Date.parse(problem.since), Date.now())}</time>
      )}
    </li>
  );
}

function keyOf(problem: SystemProblem): string {
  return [problem.what, problem.camera, problem.service, problem.disk, problem.message].join(" ");
}
