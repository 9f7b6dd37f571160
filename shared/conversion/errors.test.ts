import { readFile, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BadChunkError, isMachineTrouble } from "./errors.ts";

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test("what a system call refuses is of the machine, whatever its code; that a chunk is gone, or no file, is not", async () => {
  const unlisted = await errorOf(readlink(tmpdir()));
  expect(unlisted).toMatchObject({ code: "EINVAL" });
  expect(isMachineTrouble(unlisted)).toBe(true);
  expect(isMachineTrouble(await errorOf(readFile(join(tmpdir(), "hindsight-nowhere"))))).toBe(false);
  expect(isMachineTrouble(await errorOf(readFile(tmpdir())))).toBe(false);
});

test("an error of our own is of the chunk", () => {
  expect(isMachineTrouble(new BadChunkError("no", ["a"]))).toBe(false);
  expect(isMachineTrouble(new TypeError("x is not a function"))).toBe(false);
});
