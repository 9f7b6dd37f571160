import type { WallClock } from "./wall-clock.ts";

/** Something that must run repeatedly. */
export interface Task {
  /** When it must run next, µs since the Unix epoch. */
  readonly dueUs: number;
  /** Does the work, and advances {@link dueUs}. */
  run(nowUs: number): void;
}

/**
 * One timer for all cameras of the process. It fires at multiples of `tickMs`, so that with many cameras it serves
 * several at once: waking up is the largest cost of a load generator.
 */
export class Scheduler {
  private readonly clock: WallClock;
  private readonly tickUs: number;
  private readonly tasks = new Set<Task>();
  private timer: NodeJS.Timeout | undefined;

  constructor(clock: WallClock, tickMs: number) {
    this.clock = clock;
    this.tickUs = tickMs * 1000;
  }

  add(task: Task): void {
    this.tasks.add(task);
    this.arm();
  }

  remove(task: Task): void {
    this.tasks.delete(task);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.tasks.clear();
  }

  private arm(): void {
    clearTimeout(this.timer);
    let dueUs = Number.POSITIVE_INFINITY;
    for (const task of this.tasks) dueUs = Math.min(dueUs, task.dueUs);
    if (dueUs === Number.POSITIVE_INFINITY) return;
    const wakeUs = Math.ceil(dueUs / this.tickUs) * this.tickUs;
    const delayMs = Math.ceil((wakeUs - this.clock.nowUs()) / 1000);
    this.timer = setTimeout(() => this.wake(), Math.min(1000, Math.max(1, delayMs)));
  }

  private wake(): void {
    const nowUs = this.clock.nowUs();
    for (const task of this.tasks) {
      if (task.dueUs <= nowUs) task.run(nowUs);
    }
    this.arm();
  }
}
