import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Response } from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { HeldFile, OpenFileBudget } from "./held-file.ts";
import type { Piece } from "./pieces.ts";
import { SendBuffers } from "./send-buffers.ts";
import { VirtualFile } from "./virtual-file.ts";

const MB = 1024 * 1024;
/** More than the kernel keeps of a connection. */
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

/** Serves what `make` makes for each request; returns where, and what has been sent to the end or given up. */
async function serve(make: () => Promise<VirtualFile>, stallMs: number) {
  const ended: boolean[] = [];
  server = createServer((_req, res) => {
    void (async () => {
      const file = await make();
      let isIndexSent = false;
      await file.send(res as Response, 0, LENGTH, () => (isIndexSent = true), stallMs);
      await file.close();
      ended.push(isIndexSent);
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
  it("is cut off after a while when it is still in the index, so that others get their turn", async () => {
    const index: Piece[] = Array.from({ length: 40 }, () => ({ bytes: Buffer.alloc(MB), length: MB }));
    const make = async () => new VirtualFile({ length: LENGTH, etag: '"x"' }, [...index], [], new SendBuffers(0));
    const { url, ended } = await serve(make, 200);
    await stall(url, 1);
    await vi.waitFor(() => expect(ended).toEqual([false]), 5000);
  });

  it("holds 64 kB when many do, and neither memory nor files when its client has gone", async () => {
    const buffers = new SendBuffers(4 * MB);
    const before = await openFiles();
    const make = async () => {
      const media = (await HeldFile.open(join(folder, "media"), new OpenFileBudget(0))) as HeldFile;
      return new VirtualFile(
        { length: LENGTH, etag: '"x"' },
        [{ file: media, start: 0, length: LENGTH }],
        [media],
        buffers,
      );
    };
    const { url, ended } = await serve(make, 60_000);
    const clients = await stall(url, STALLED);
    await vi.waitFor(() => expect(buffers.bytes).toBe(4 * MB + (STALLED - 4) * 64 * 1024), 10_000);
    for (const client of clients) client.destroy();
    await vi.waitFor(() => expect(ended).toHaveLength(STALLED), 5000);
    expect(buffers.bytes).toBe(0);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before + 1), 5000); // the server itself
  });
});
