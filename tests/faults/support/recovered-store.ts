import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { readTimedFrames } from "../../support/mp4-evidence.ts";

/** Keyed by the hash of a file, because many points leave the same mp4. */
const framesByFile = new Map<string, string[]>();

/**
 * SHA-256 of the access units in mp4 files, in order, by ffprobe. A file for which it prints warnings is added to
 * `torn`, unless its pictures `mayBeDamaged`.
 */
export async function framesOf(mp4s: readonly string[], torn: string[], mayBeDamaged: boolean): Promise<string[]> {
  const frames: string[] = [];
  const options = mayBeDamaged ? { warnings: [] } : {};
  for (const path of mp4s) {
    const hash = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    try {
      const known = framesByFile.get(hash) ?? (await readTimedFrames([path], options)).map(({ sha256 }) => sha256);
      framesByFile.set(hash, known);
      frames.push(...known);
    } catch (error) {
      torn.push(`${path}: ${(error as Error).message}`);
    }
  }
  return frames;
}

/** Everything among a camera's files that is not part of a whole minute, and what whole minutes lack, as text. */
export async function leftoversIn(files: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (const path of files) {
    const isPicture = path.endsWith(".jpg");
    if (!isPicture && !path.endsWith(".mp4")) left.push(path);
    if (isPicture && !(await isWholeJpeg(path))) left.push(`${path} is no whole JPEG`);
    const partners = isPicture ? [] : ["preview.jpg", "thumbnail.jpg"];
    for (const ending of partners) {
      if (path.endsWith(".mp4") && !files.includes(path.replace(/mp4$/, ending))) left.push(`${path} has no ${ending}`);
    }
  }
  return left;
}

async function isWholeJpeg(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  if (bytes.length < 4) return false;
  return bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9;
}

/** Names in a folder; none when it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
