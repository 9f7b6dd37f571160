import type { Condition } from "../../../../../shared/health/condition.ts";
import { Changing } from "../ui/store.ts";

/** A condition, and when it was; `toMs` is undefined while it lasts. */
export interface Trouble {
  condition: Condition;
  fromMs: number;
  toMs: number | undefined;
}

const KEPT = 500;

/** What was wrong when: what lasts now, since it began, and what has ended while the page was open. */
export class Troubles extends Changing {
  #troubles: readonly Trouble[] = [];

  /** Takes over what is wrong at a time. */
  follow(conditions: readonly Condition[], nowMs: number): void {
    const now = new Map(conditions.map((condition) => [keyOf(condition), condition]));
    const kept = this.#troubles.map((trouble) => {
      const condition = now.get(keyOf(trouble.condition));
      if (condition !== undefined) return { ...trouble, condition, toMs: undefined };
      return trouble.toMs === undefined ? { ...trouble, toMs: nowMs } : trouble;
    });
    const known = new Set(kept.map(({ condition }) => keyOf(condition)));
    const begun = conditions
      .filter((condition) => !known.has(keyOf(condition)))
      .map((condition) => ({ condition, fromMs: Date.parse(condition.since), toMs: undefined }));
    this.#troubles = [...kept, ...begun].slice(-KEPT);
    this.changed();
  }

  /** Those of a camera, or without one those that are of no camera, which overlap a stretch of time. */
  between(camera: string | undefined, fromMs: number, toMs: number): Trouble[] {
    return this.#troubles.filter((trouble) => {
      const isOfCamera = trouble.condition.id.startsWith("camera-") || trouble.condition.id === "footage-missing";
      const isMeant = camera === undefined ? !isOfCamera : isOfCamera && trouble.condition.subject === camera;
      return isMeant && trouble.fromMs < toMs && (trouble.toMs ?? Number.POSITIVE_INFINITY) > fromMs;
    });
  }

  /** Those of some cameras and of the system at a time. */
  at(cameras: readonly string[], timeMs: number): Trouble[] {
    return [...cameras, undefined].flatMap((camera) => this.between(camera, timeMs, timeMs + 1));
  }

  get any(): boolean {
    return this.#troubles.length > 0;
  }
}

function keyOf({ id, subject, since }: Condition): string {
  return `${id} ${subject} ${since}`;
}
