import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Disk } from "./disk.ts";
import { DiskHangsError } from "./disk-hangs-error.ts";

let disk: Disk;
/** Completes the operations that are under way. */
let answers: (() => void)[];

const hang = () => new Promise<string>((resolve) => answers.push(() => resolve("late")));
const settle = () => vi.advanceTimersByTimeAsync(0);
const answerAll = async () => {
  for (const answer of answers.splice(0)) answer();
  await settle();
};

beforeEach(() => {
  vi.useFakeTimers();
  disk = new Disk("/mnt/nas");
  answers = [];
});
afterEach(() => vi.useRealTimers());

test("of one disk no more than three operations are begun at once, no more than two of them syncs", async () => {
  for (let i = 0; i < 5; i++) void disk.run("sync", hang);
  await settle();
  expect(answers).toHaveLength(2);
  for (let i = 0; i < 5; i++) void disk.run("ask", hang);
  await settle();
  expect(answers).toHaveLength(3);
  await answerAll();
  expect(answers).toHaveLength(3);
});

test("when one is not answered in time, all that wait are told, and so is who comes, at once; nothing more is begun", async () => {
  const waiting = Promise.allSettled(Array.from({ length: 10 }, () => disk.run("ask", hang)));
  await vi.advanceTimersByTimeAsync(4000);
  expect(disk.isHanging).toBe(false);
  await vi.advanceTimersByTimeAsync(2000);
  for (const each of await waiting) expect(each).toMatchObject({ reason: new DiskHangsError("/mnt/nas") });
  await expect(disk.run("ask", hang)).rejects.toThrow("/mnt/nas does not answer");
  expect(answers).toHaveLength(3);
});

test("when all that is late has been answered, the disk works again", async () => {
  const waiting = Promise.allSettled(Array.from({ length: 10 }, () => disk.run("ask", hang)));
  await vi.advanceTimersByTimeAsync(6000);
  await waiting;
  answers.pop()?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(disk.isHanging).toBe(true);
  await answerAll();
  expect(disk.isHanging).toBe(false);
  expect(answers).toHaveLength(0); // operations that were given up are not begun
  expect(await disk.run("ask", async () => "works")).toBe("works");
});

test("a close is not refused, but waited for no longer, and carried out when the disk answers", async () => {
  for (let i = 0; i < 3; i++) disk.run("ask", hang).catch(() => {});
  await vi.advanceTimersByTimeAsync(6000);
  let isClosed = false;
  await disk.run("close", async () => {
    isClosed = true;
  });
  expect(isClosed).toBe(false);
  await answerAll();
  expect(isClosed).toBe(true);
});

test("who waits patiently is not given up, nor refused, and all is carried out when the disk answers; others are told", async () => {
  const begun = Array.from({ length: 4 }, () => disk.runPatiently("change", hang));
  await vi.advanceTimersByTimeAsync(9000);
  const impatient = disk.run("ask", hang).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await impatient).toEqual(new DiskHangsError("/mnt/nas"));
  expect(answers).toHaveLength(3);
  const late = disk.runPatiently("sync", async () => "synced");
  await answerAll();
  expect(disk.isHanging).toBe(false);
  await answerAll();
  expect(await Promise.all(begun)).toEqual(["late", "late", "late", "late"]);
  expect(await late).toBe("synced");
});

test("a process that stood still does not take the disk for one that hangs", async () => {
  let isDone = false;
  const asked = disk.run("ask", hang).then(() => {
    isDone = true;
  });
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(disk.isHanging).toBe(false);
  await answerAll();
  await asked;
  expect(isDone).toBe(true);
});
