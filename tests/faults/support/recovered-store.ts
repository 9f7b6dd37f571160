import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { readTimedFrames } from "../../support/mp4-evidence.ts";

/** By the hash of a file: many points leave the same mp4. */
const framesByFile = new Map<string, string[]>();

/**
 * SHA-256 of the access units in mp4 files, in order, as ffprobe finds them. A file that it warns of goes into
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

/** What should not be among a camera's files: all but whole minutes, and what is missing of these, in words. */
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

/** Names in a folder; none when it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
