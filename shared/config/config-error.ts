/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Such as `cameras.front-door.transport`; empty when the problem is the file as a whole. */
  key: string;
  /** The value as JSON, with secrets masked; absent when the key itself is the problem. */
  value?: string;
  expected: string;
  /** Where the key was found: a file with line and column, or an environment variable. */
  place?: string;
}

/** Exit code of a service whose configuration does not let it start: EX_CONFIG of sysexits.h. */
export const CONFIG_EXIT_CODE = 78;

/** A configuration that cannot be used, with all its problems and what to do about them. Holds no secrets. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(describe(problems), options);
    this.problems = problems;
  }

  /** One line: the first problem, and the number of problems. */
  get brief(): string {
    const [first, ...others] = this.problems.map(describeOne);
    return others.length === 0 ? `${first}` : `${first} (and ${others.length} more; ./nvr check lists them)`;
  }
}

function describeOne({ key, value, expected, place }: ConfigProblem): string {
  const subject = [key, value === undefined ? "" : `= ${value}`].filter((part) => part !== "").join(" ");
  return `${[subject, place === undefined ? "" : `(${place})`].filter((part) => part !== "").join(" ")}: ${expected}`;
}

function describe(problems: readonly ConfigProblem[]): string {
  const lines = problems.map((problem) => `  ${describeOne(problem)}`);
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return [
    `the configuration has ${count}:`,
    ...lines,
    "docs/configuration.md describes every key; `./nvr check` tries a configuration without starting anything.",
  ].join("\n");
}
