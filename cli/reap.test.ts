import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ReapedLog } from "../services/reaper/reaped-log.ts";
import { minutesAgo, writeDays, writeMinute } from "../services/reaper/testing.ts";
import { StoreFiles } from "../shared/disk/store-files.ts";

const files = new StoreFiles();

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hindsight-reap-"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function reap(...options: string[]) {
  const config = join(root, "nvr.json");
  writeFileSync(
    config,
    JSON.stringify({
      storage: { root },
      cameras: { a: { url: "rtsp://192.0.2.1/" } },
      reaper: { minFreePercent: 0, maxAgeDays: 1 },
    }),
  );
  const script = fileURLToPath(new URL("reap.ts", import.meta.url));
  const env = { PATH: process.env.PATH, NVR_CONFIG: config };
  return spawnSync(process.execPath, ["--import", "tsx", script, ...options], { encoding: "utf8", env });
}

test("reap --dry-run prints what would go and why, and deletes nothing", () => {
  const minute = minutesAgo(9000);
  const [file] = writeMinute(writeDays(join(root, "a"), 10), "a", minute) as [string];
  const { stdout, status } = reap("--dry-run");
  expect(stdout).toContain(`would remove a ${minute} (3 files`);
  expect(stdout).toContain("it is older than maxAgeDays");
  expect(status).toBe(0);
  expect(existsSync(file)).toBe(true);
});

test("reap --why tells when and why a minute was deleted, and of no other", async () => {
  const entry = { camera: "a", directory: join(root, "a"), reason: "size" as const, unconverted: true };
  const minute = "20261001.1200";
  await new ReapedLog(files, root).write({
    ...entry,
    at: "2026-11-03T00:00:00.000Z",
    minute,
    files: [`a.${minute}.chunk`],
  });
  const told = reap("--why", `a.${minute}`);
  expect(told.stdout).toContain("2026-11-03T00:00:00.000Z: deleted from");
  expect(told.stdout).toContain("its camera has more than maxBytes; it had not been converted");
  expect(told.status).toBe(0);
  const other = reap("--why", "a.20261001.1201");
  expect(other.stdout).toContain("the reaper's log does not tell of this minute");
  expect(other.status).toBe(1);
  expect(reap("--why", "nonsense").status).toBe(2);
});
