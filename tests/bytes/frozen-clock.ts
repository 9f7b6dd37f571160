/**
 * Freezes `Date` at one time, in UTC whatever the machine's time zone, while `work` runs. Timers and the monotonic
 * clock are not affected.
 */
export async function atTime<Result>(nowMs: number, work: () => Promise<Result>): Promise<Result> {
  const TrueDate = globalThis.Date;
  class FrozenDate extends TrueDate {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [nowMs] : given) as [number]));
    }
    static override now(): number {
      return nowMs;
    }
    override getFullYear(): number {
      return this.getUTCFullYear();
    }
    override getMonth(): number {
      return this.getUTCMonth();
    }
    override getDate(): number {
      return this.getUTCDate();
    }
    override getHours(): number {
      return this.getUTCHours();
    }
    override getMinutes(): number {
      return this.getUTCMinutes();
    }
    override getSeconds(): number {
      return this.getUTCSeconds();
    }
  }
  globalThis.Date = FrozenDate as DateConstructor;
  try {
    return await work();
  } finally {
    globalThis.Date = TrueDate;
  }
}
