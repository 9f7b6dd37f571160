import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BatchedSockets } from "./batched-socket.ts";

let server: Server;
let port: number;
let sentBytes = 0;

/** Sends ten bytes every 20 ms. */
beforeEach(async () => {
  sentBytes = 0;
  server = createServer((socket) => {
    const timer = setInterval(() => {
      socket.write(Buffer.alloc(10));
      sentBytes += 10;
    }, 20);
    socket.on("error", () => {});
    socket.on("close", () => clearInterval(timer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => server.close());

test("a socket is read in batches, at once while somebody watches, in batches again after, and loses no byte", async () => {
  let reads = 0;
  let bytes = 0;
  const socket = new BatchedSockets(250).connect(
    { host: "127.0.0.1", port: port },
    {
      data: (_bytes, length) => {
        reads++;
        bytes += length;
      },
      batchEnd: () => {},
      closed: () => {},
    },
  );
  const readsWithin = async (ms: number) => {
    const before = reads;
    await sleep(ms);
    return reads - before;
  };
  socket.readInBatches();
  await sleep(300);
  expect(await readsWithin(500)).toBeLessThan(10);
  socket.readAtOnce();
  await vi.waitUntil(async () => (await readsWithin(250)) > 10, { timeout: 10_000 });
  socket.readInBatches();
  await sleep(300);
  expect(await readsWithin(500)).toBeLessThan(10);
  socket.readAtOnce();
  await sleep(100);
  expect(bytes).toBeGreaterThanOrEqual(sentBytes - 20);
  socket.destroy();
});
