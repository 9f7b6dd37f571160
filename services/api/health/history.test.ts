import { expect, it } from "vitest";
import type { Condition, PastCondition } from "../../../shared/health/condition.ts";
import { lastedWithin } from "./history.ts";

const at = (second: number) => new Date(second * 1000).toISOString();
const words = { id: "camera-not-recording", severity: "error", message: "refused" } as const;

function past(subject: string, fromS: number, toS: number): PastCondition {
  return { ...words, subject, since: at(fromS), until: at(toS) };
}

function present(subject: string, fromS: number): Condition {
  return { ...words, subject, since: at(fromS), advice: "see its password" };
}

function within(fromS: number, toS: number, ended: PastCondition[], lasting: Condition[] = []) {
  return lastedWithin(ended, lasting, { fromMs: fromS * 1000, toMs: toS * 1000, cameras: undefined });
}

it("has what lasted for any moment of the time, its end excluded", () => {
  const one = past("yard", 10, 20);
  for (const [from, to] of [
    [0, 11],
    [12, 13],
    [19, 30],
    [0, 30],
  ] as const) {
    expect(within(from, to, [one]), `${from} to ${to}`).toEqual([one]);
  }
  expect(within(0, 10, [one])).toEqual([]);
  expect(within(20, 30, [one])).toEqual([]);
  expect(within(0, 10, [], [present("yard", 10)])).toEqual([]);
  expect(within(0, 11, [], [present("yard", 10)])).toHaveLength(1);
});

it("has once what is noted and waits to be, with its first end, and what was taken up again as lasting", () => {
  expect(within(0, 99, [past("yard", 10, 20), past("yard", 10, 25)])).toEqual([past("yard", 10, 20)]);
  const { advice: _, ...lasting } = present("yard", 10);
  expect(within(0, 99, [past("yard", 10, 20)], [present("yard", 10)])).toEqual([lasting]);
  expect(within(0, 99, [past("yard", 5, 8)], [present("yard", 10)])).toEqual([past("yard", 5, 8), lasting]);
});
