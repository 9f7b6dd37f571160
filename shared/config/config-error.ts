/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Such as `cameras.front-door.transport`; empty when the file as a whole is meant. */
  key: string;
  /** The value as JSON, secrets masked; absent when the key itself is what is wrong. */
  value?: string;
  expected: string;
  /** Where it stands: a file with line and column, or an environment variable. */
  place?: string;
}

/** A service that cannot start for its configuration exits with this: EX_CONFIG of sysexits.h. */
export const CONFIG_EXIT_CODE = 78;

/** A configuration that cannot be used, with everything that is wrong with it and what to do. No secret is in it. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(describe(problems), options);
    this.problems = problems;
  }

  /** In one line: the first problem, and how many there are. */
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
