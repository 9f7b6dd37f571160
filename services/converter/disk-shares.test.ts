import { expect, test, vi } from "vitest";
import { DiskSemaphores } from "../../shared/conversion/disk-semaphores.ts";
import { NotYetError } from "../../shared/conversion/errors.ts";
import { DiskShares } from "./disk-shares.ts";

const diskOf = async (path: string) => path.split("/")[1] as string;
const never = () => new Promise<void>(() => {});

test("a disk on which nothing ends holds up no other", async () => {
  const copying = new DiskSemaphores(2, diskOf);
  let begun = 0;
  const hang = () => {
    begun++;
    return never();
  };
  for (let i = 0; i < 5; i++) void copying.run("/slow/cam/x.mp4", hang);
  expect(await copying.run("/fast/cam/x.mp4", async () => "done")).toBe("done");
  expect(begun).toBe(2);
  copying.limit = 3;
  expect(await copying.run("/fast/cam/x.mp4", async () => "done")).toBe("done");
  expect(begun).toBe(3);
});

test("a slow disk gets half of the jobs; one that keeps up, all of them", async () => {
  let nowMs = 0;
  const shares = new DiskShares(() => 8, { diskOf, nowMs: () => nowMs });
  const running: Promise<void>[] = [];
  const ends: (() => void)[] = [];
  const begin = (disk: string) =>
    running.push(shares.run(`/${disk}/cam`, () => new Promise<void>((resolve) => ends.push(resolve))));
  for (let i = 0; i < 4; i++) begin("slow");
  await vi.waitFor(() => expect(ends).toHaveLength(4));
  nowMs = 5000;
  begin("slow");
  await vi.waitFor(() => expect(ends).toHaveLength(5));
  nowMs = 11_000;
  await expect(shares.run("/slow/cam", async () => {})).rejects.toThrow(NotYetError);
  for (let i = 0; i < 8; i++) begin("fast");
  await expect(shares.run("/fast/cam", async () => "done")).resolves.toBe("done");
  for (const end of ends) end();
  await Promise.all(running);
  await expect(shares.run("/slow/cam", async () => "done")).resolves.toBe("done");
});
