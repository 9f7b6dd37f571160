import { expect, test } from "vitest";
import { BufferPool } from "./buffer-pool.ts";

test("a buffer is used again, by one at a time", async () => {
  const pool = new BufferPool();
  const lent: Buffer[] = [];
  let finish = () => {};
  const waiting = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const work = async (buffer: Buffer) => {
    lent.push(buffer);
    await waiting;
  };
  const both = [pool.lend(work), pool.lend(work)];
  expect(new Set(lent).size).toBe(2);
  finish();
  await Promise.all(both);
  await Promise.all([pool.lend(work), pool.lend(work)]);
  expect(new Set(lent.slice(2))).toEqual(new Set(lent.slice(0, 2)));
});

test("one into which a disk that hangs may still write is given to nobody else", async () => {
  const pool = new BufferPool();
  const lent: Buffer[] = [];
  const failing = pool.lend(async (buffer) => {
    lent.push(buffer);
    throw new Error("the disk hangs");
  });
  await expect(failing).rejects.toThrow("the disk hangs");
  await pool.lend(async (buffer) => lent.push(buffer));
  expect(new Set(lent).size).toBe(2);
});
