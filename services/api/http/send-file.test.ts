import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { ApiServer } from "../server.ts";
import { SendBuffers } from "./send-buffers.ts";
import { openRegularFile, sendFile } from "./send-file.ts";

const files = new StoreFiles();

let folder: string;
let server: ApiServer;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hindsight-send-"));
  const app = express();
  const buffers = new SendBuffers(0);
  app.get("/:length/:promised", async (req, res) => {
    const path = join(folder, req.params.length);
    writeFileSync(path, "x".repeat(Number(req.params.length)));
    const file = await openRegularFile(files, path);
    if (file === undefined) throw new Error("it was just written");
    file.entity.length = Number(req.params.promised); // as before the file was truncated
    await sendFile(req, res, file, { type: "image/jpeg", fileName: "x.jpg", download: false }, buffers);
  });
  server = new ApiServer(app);
  port = await server.listen("127.0.0.1", 0);
});
afterAll(async () => {
  await server.stop(0);
  rmSync(folder, { recursive: true });
});

const ask = async (length: number, promised: number) =>
  (await (await fetch(`http://127.0.0.1:${port}/${length}/${promised}`)).text()).length;

it.each([1, 65_536, 65_537, 3_000_000])("a file of %i bytes is sent whole", async (length) => {
  expect(await ask(length, length)).toBe(length);
});

it.each([
  [10, 20],
  [100_000, 200_000],
])(
  "a file that has %i bytes where it had %i ends with the connection, not with other bytes",
  async (length, promised) => {
    await expect(ask(length, promised)).rejects.toThrow();
  },
);
