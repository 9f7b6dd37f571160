import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Response } from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { SendBuffers } from "../http/send-buffers.ts";
import { HeldFile, OpenFileBudget } from "./held-file.ts";
import { HeldIndex } from "./held-index.ts";
import { HeldMedia } from "./range-media.ts";
import { VirtualFile } from "./virtual-file.ts";

const files = new StoreFiles();

const MB = 1024 * 1024;
/** More than the kernel buffers for a connection. */
const LENGTH = 40 * MB;
const STALLED = 20;

let folder: string;
let server: Server | undefined;
const openFiles = async () => (await readdir("/proc/self/fd")).length;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hindsight-virtual-"));
  writeFileSync(join(folder, "media"), "");
  truncateSync(join(folder, "media"), LENGTH);
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Serves what `make` makes for each request; returns the address, and how many answers were completed or aborted. */
async function serve(make: () => Promise<VirtualFile>) {
  const ended: number[] = [];
  const turn = { isWanted: false, end() {}, again: async () => [], kept: () => undefined };
  server = createServer((_req, res) => {
    void (async () => {
      const file = await make();
      await file.send(res as Response, 0, LENGTH, turn);
      await file.close();
      ended.push(ended.length);
    })();
  });
  await new Promise<void>((listening) => server?.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ended };
}

/** Clients that read nothing. */
function stall(url: string, count: number): Promise<IncomingMessage[]> {
  const one = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false }, (res) => resolve(res.on("error", () => {}))).on("error", reject);
    });
  return Promise.all(Array.from({ length: count }, one));
}

describe("a download that stalls", () => {
  it("holds 64 kB from the first byte on, and neither memory nor files when its client has gone", async () => {
    const buffers = new SendBuffers(4 * MB);
    const before = await openFiles();
    const make = async () => {
      const media = (await HeldFile.open(join(folder, "media"), new OpenFileBudget(files, 0))) as HeldFile;
      const pieces = [{ file: media, start: 0, length: LENGTH }];
      const entity = { length: LENGTH, etag: '"x"' };
      return new VirtualFile(entity, new HeldIndex([]), new HeldMedia(pieces, [media]), buffers);
    };
    const { url, ended } = await serve(make);
    const clients = await stall(url, STALLED);
    await vi.waitFor(() => expect(buffers.bytes).toBe(STALLED * 64 * 1024), 10_000);
    for (const client of clients) client.destroy();
    await vi.waitFor(() => expect(ended).toHaveLength(STALLED), 5000);
    expect(buffers.bytes).toBe(0);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before + 1), 5000); // the server itself
  });

  it("goes on in pieces of 1 MB once its client has taken 8 MB, as long as there are any left", () => {
    const buffers = new SendBuffers(2 * MB);
    const taken = [0, 8 * MB - 1, 8 * MB, 20 * MB, 20 * MB].map((bytes) => buffers.take(bytes));
    expect(taken.map(({ length }) => length / 1024)).toEqual([64, 64, 1024, 1024, 64]);
    for (const buffer of taken) buffers.giveBack(buffer);
    expect(buffers.bytes).toBe(0);
  });
});
