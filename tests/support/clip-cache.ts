import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";

const FOLDER = join(tmpdir(), "hindsight-test-clips");
/** Source of the program that encodes clips: the names of cached clips depend on it. */
const MAKER = fileURLToPath(new URL("./chunk-maker.ts", import.meta.url));

/** A clip from the cache that all test files share, or else from `encode`, which is then cached. */
export async function cachedClip<Clip>(options: object, encode: () => Promise<Clip>): Promise<Clip> {
  const key = createHash("sha256")
    .update(await readFile(MAKER))
    .update(JSON.stringify(options))
    .digest("hex");
  const path = join(FOLDER, key);
  const kept = await readFile(path).catch(() => undefined);
  if (kept !== undefined) return deserialize(kept) as Clip;
  const clip = await encode();
  await mkdir(FOLDER, { recursive: true });
  const aside = `${path}.${randomBytes(6).toString("hex")}`; // another test file may be writing the same clip
  await writeFile(aside, serialize(clip));
  await rename(aside, path);
  return clip;
}
