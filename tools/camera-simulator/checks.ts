/** Checks of values from JSON. */
export type Check = (value: unknown) => boolean;

export const isTrueOrFalse: Check = (value) => typeof value === "boolean";
export const isText: Check = (value) => typeof value === "string";
export const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
export const isPositive: Check = (value) => isNumber(value) && (value as number) >= 0;
export const isObject: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

export function within(low: number, high: number): Check {
  return (value) => isNumber(value) && (value as number) >= low && (value as number) <= high;
}

export function wholeWithin(low: number, high: number): Check {
  return (value) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}

export function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** An object whose fields pass their checks and that has no other fields. */
export function fields(checks: Record<string, Check>): Check {
  return (value) => {
    if (!isObject(value)) return false;
    const given = value as Record<string, unknown>;
    return Object.keys(given).every((key) => key in checks) && Object.entries(checks).every(([k, c]) => c(given[k]));
  };
}
