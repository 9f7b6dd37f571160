import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet, until } from "../support/fleet.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";

const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 500, gopFrames: 25, seconds: 10 };
const SECRET = "T0123456789-very-secret";

interface Told {
  event: string;
  condition: { id: string; subject: string; since: string; message: string; advice: string };
}

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let receiver: Server;
let posts = 0;
const accepted: Told[] = [];

/** The camera's conditions in system.json; undefined while the api does not answer. */
async function conditions(): Promise<Told["condition"][] | undefined> {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`).catch(() => undefined);
  if (answer === undefined) return undefined;
  const { payload } = (await answer.json()) as { payload: { health: Told["condition"][] } };
  return payload.health.filter(({ subject }) => subject === "yard");
}
const figures = async () => (await fetch(`${fleet.apiUrl}/metrics`)).text();
const METRIC = 'hindsight_health{id="camera-not-recording",subject="yard",severity="error",service="api"} 1';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-health-"));
  redis = await startRedis();
  simulator = await startSimulator({ cameras: [{ id: "yard", clip: CLIP }] });
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const told = JSON.parse(text) as Told;
    const isFirst = posts++ === 0;
    if (!isFirst && told.condition.subject === "yard") accepted.push(told);
    response.writeHead(isFirst ? 503 : 204).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: { yard: { url: simulator.url("yard") } },
      recorder: { retryMin: "500ms", retryMax: "1s" },
      health: {
        recorderPort: 0,
        converterPort: 0,
        patience: "2s",
        webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/${SECRET}`,
      },
    },
  });
  fleet.start("recorder", "converter", "api");
  await until("the camera records", 30_000, async () => (await figures().catch(() => "")) && isRecording());
});

afterAll(async () => {
  await fleet?.stop();
  await simulator?.remove();
  receiver?.closeAllConnections();
  receiver?.close();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function isRecording(): Promise<boolean> {
  const answer = await fetch(`${fleet.apiUrl}/api/1/system.json`);
  return ((await answer.json()) as { payload: { camera: Record<string, boolean> } }).payload.camera.yard === true;
}

test("a camera that is refused, and then no more, is told of by system.json, metrics and webhook, once each", async () => {
  await until("nothing is wrong with it, and that is told", 15_000, async () => {
    if ((await conditions())?.length !== 0) return false;
    return (await figures()).includes('hindsight_webhook_waiting_messages{service="api"} 0');
  });
  accepted.length = 0;
  await simulator.setFault("yard", { refuseAuth: true, cut: { refuseForMs: 1 } });
  await until("the webhook was told", 20_000, async () => accepted.length > 0);
  // The message follows what the recorder learns: at first only that the connection broke.
  const begun = await until("the reason is told", 10_000, async () =>
    (await conditions())?.find(({ message }) => /^not recording \(refused\): .*401/.test(message)),
  );
  expect(begun).toMatchObject({ id: "camera-not-recording", severity: "error", subject: "yard" });
  expect(begun.advice).not.toBe("");
  expect(await figures()).toContain(METRIC);

  await fleet.end("api");
  fleet.start("api");
  await until("the api shows it again", 15_000, async () => ((await conditions()) ?? []).length > 0);
  expect((await conditions())?.[0]?.since).toBe(begun.since);

  await simulator.clearFaults("yard");
  await until("the webhook was told of the end", 20_000, async () => accepted.length > 1);
  expect(accepted.map(({ event, condition }) => [event, condition.id, condition.since])).toEqual([
    ["began", "camera-not-recording", begun.since],
    ["ended", "camera-not-recording", begun.since],
  ]);
  expect(await conditions()).toEqual([]);
  expect(await figures()).not.toContain(METRIC);
  await fleet.end("api");
  fleet.start("api");
  const stretch = `from=${begun.since}&to=${new Date().toISOString()}`;
  const past = await until("an api that has not seen it knows that it was", 15_000, async () => {
    const answer = await fetch(`${fleet.apiUrl}/api/1/conditions?${stretch}&camera_ids=yard`).catch(() => undefined);
    const list = (await answer?.json()) as { conditions: { since: string; until?: string }[] } | undefined;
    return list?.conditions.find(({ since }) => since === begun.since);
  });
  expect(Date.parse(past.until ?? "")).toBeGreaterThan(Date.parse(begun.since));
  expect(fleet.log).not.toContain(SECRET);
});
