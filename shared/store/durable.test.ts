import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreFiles } from "../disk/store-files.ts";
import { bundleScript, traceScript } from "../testing/run-script.ts";
import { makeDirectory, writeAside } from "./durable.ts";
import { parseTemporaryName } from "./names.ts";

const files = new StoreFiles();

const MODULE = join(import.meta.dirname, "durable.ts");
const STORE_FILES = join(import.meta.dirname, "../disk/store-files.ts");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "durable-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("writeAside", () => {
  test("a file is seen under its final name only when it is whole", async () => {
    const path = join(folder, "a.mp4");
    await writeAside(files, path, async (file) => {
      await file.writeFile("first half ");
      const names = await readdir(folder);
      expect(names.map(parseTemporaryName)).toEqual(["a.mp4"]);
      await file.writeFile("second half");
    });
    expect(await readdir(folder)).toEqual(["a.mp4"]);
    expect(await readFile(path, "utf8")).toBe("first half second half");
  });

  test("an older file of the name stays whole until the new one takes its place, or when that fails", async () => {
    const path = join(folder, "a.mp4");
    await writeFile(path, "old");
    const failing = writeAside(files, path, async (file) => {
      await file.writeFile("new");
      expect(await readFile(path, "utf8")).toBe("old");
      throw new Error("disk on fire");
    });
    await expect(failing).rejects.toThrow("disk on fire");
    expect(await readdir(folder)).toEqual(["a.mp4"]);
    expect(await readFile(path, "utf8")).toBe("old");
    await writeAside(files, path, (file) => file.writeFile("new"));
    expect(await readFile(path, "utf8")).toBe("new");
  });

  test("a rename that fails leaves no temporary file", async () => {
    await makeDirectory(files, join(folder, "taken", "inside"));
    await expect(writeAside(files, join(folder, "taken"), (file) => file.writeFile("x"))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(["taken"]);
  });

  test("a folder that is not there is the caller's error", async () => {
    await expect(writeAside(files, join(folder, "no", "a"), async () => {})).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("writers of one name at the same time harm one another not", async () => {
    const path = join(folder, "a");
    const texts = Array.from({ length: 20 }, (_, n) => String(n).repeat(10_000));
    await Promise.all(texts.map((text) => writeAside(files, path, (file) => file.writeFile(text))));
    expect(await readdir(folder)).toEqual(["a"]);
    expect(texts).toContain(await readFile(path, "utf8"));
  });

  test("a process killed half-way (kill -9) leaves nothing under the final name", async () => {
    const script = await bundleScript(
      `import { StoreFiles } from ${JSON.stringify(STORE_FILES)};
      import { writeAside } from ${JSON.stringify(MODULE)};
      await writeAside(new StoreFiles(), process.argv[2], async (file) => {
        await file.writeFile("half");
        await file.datasync();
        process.stdout.write("half");
        await new Promise((resolve) => setTimeout(resolve, 1e6));
      });`,
    );
    const child = spawn(process.execPath, [script, join(folder, "a.mp4")], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    await rm(dirname(script), { recursive: true });
    expect((await readdir(folder)).map(parseTemporaryName)).toEqual(["a.mp4"]);
  });

  test("bytes are on the disk before the name is: fdatasync, then rename (strace is the witness)", async () => {
    const script = await bundleScript(
      `import { StoreFiles } from ${JSON.stringify(STORE_FILES)};
      import { writeAside } from ${JSON.stringify(MODULE)};
      const files = new StoreFiles();
      await writeAside(files, process.argv[2] + "/a.mp4", (file) => file.writeFile("whole"));
      await files.syncFolder(process.argv[2]);`,
    );
    const calls = await traceScript(script, [folder], ["write", "pwrite64", "fsync", "fdatasync", "rename"]);
    await rm(dirname(script), { recursive: true });
    const order = calls
      .filter((call) => /"whole"|fdatasync|fsync|rename/.test(call))
      .map((call) => /\w+(?=\()/.exec(call)?.[0]);
    expect(order.map((name) => name?.replace("pwrite64", "write"))).toEqual(["write", "fdatasync", "rename", "fsync"]);
  });
});

describe("makeDirectory", () => {
  test("makes all parents, and is content when they are there", async () => {
    const deep = join(folder, "a", "b", "c");
    await makeDirectory(files, deep);
    await makeDirectory(files, deep);
    await Promise.all(["x", "y", "x"].map((name) => makeDirectory(files, join(folder, "p", "q", name))));
    expect((await readdir(join(folder, "p", "q"))).sort()).toEqual(["x", "y"]);
    await makeDirectory(files, `${folder}/t/u/`);
    expect(await readdir(join(folder, "t"))).toEqual(["u"]);
  });

  test("passes on why it cannot", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(makeDirectory(files, join(folder, "file", "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(files.syncFolder(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
