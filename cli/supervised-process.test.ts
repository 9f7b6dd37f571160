import { afterEach, expect, test, vi } from "vitest";
import { SupervisedProcess } from "./supervised-process.ts";

afterEach(() => vi.unstubAllEnvs());

/** The environment that a process gets. */
async function environmentOf(isHelper: boolean): Promise<string> {
  const lines: string[] = [];
  const env = { ADDED: "yes" };
  const description = { name: "env", command: "sh", args: ["-c", "env; echo over; exec sleep 60"], env, isHelper };
  const process = new SupervisedProcess(description, (line) => lines.push(line));
  process.start();
  try {
    await vi.waitUntil(() => lines.some((line) => line.endsWith("| over")), { timeout: 20_000 });
    return lines.join("\n");
  } finally {
    await process.stop(5000);
  }
}

test("a service inherits our environment; a helper, such as redis-server, gets none of our secrets", async () => {
  vi.stubEnv("NVR_CAMERAS", '{"yard":{"url":"rtsp://admin:hunter2@192.0.2.1/"}}');
  vi.stubEnv("REDIS_URL", "redis://:hunter2@127.0.0.1/");
  expect(await environmentOf(false)).toContain("hunter2");
  const helper = await environmentOf(true);
  expect(helper).toMatch(/PATH=.*/);
  expect(helper).toContain("ADDED=yes");
  expect(helper).not.toContain("hunter2");
});
