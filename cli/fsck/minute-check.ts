import { type FileHandle, open, stat } from "node:fs/promises";
import { indexChunk } from "../../shared/chunk/chunk-index.ts";
import { Mp4Error } from "../../shared/mp4/box-reader.ts";
import type { CaptureSpan } from "../../shared/mp4/capture-record.ts";
import { minuteEndUs } from "../../shared/time/minute.ts";
import type { MinuteFiles } from "./day-files.ts";
import { checkMinuteFile } from "./mp4-check.ts";
import type { Remark } from "./remarks.ts";

/** What is known about a minute after its files were checked. */
export interface CheckedMinute {
  remarks: Remark[];
  /** Empty when there is no readable mp4. */
  spans: CaptureSpan[];
  /** It has chunks, so not everything that it contains is known. */
  isWaiting: boolean;
}

/** A converter normally takes a chunk within a minute or two, and one that is behind within several minutes. */
const CONVERSION_DUE_MS = 10 * 60_000;

/**
 * Checks the files of one minute. Never throws: what cannot be read is a fault. Files that vanish meanwhile are not.
 */
export async function checkMinute(files: MinuteFiles, isDeep: boolean, nowMs: number): Promise<CheckedMinute> {
  const { camera, minute, chunks, mp4 } = files;
  const remarks: Remark[] = [];
  const fault = (path: string, message: string, remedy?: Remark["remedy"]) =>
    remarks.push({ severity: "fault", camera, when: minute, path, message, ...(remedy && { remedy }) });
  for (const path of chunks) {
    if (!(await isOverdue(path, minuteEndUs(minute) / 1000, nowMs))) continue;
    const unknown = await unknownKindsIn(path);
    if (unknown === "") fault(path, "not converted in time", "convert");
    else fault(path, `blocks of kinds that only a later version of Hindsight knows (${unknown}): convert it with that`);
  }
  const checked = { remarks, spans: [] as CaptureSpan[], isWaiting: chunks.length > 0 };
  if (mp4 === undefined) {
    if (chunks.length > 0) return checked;
    for (const path of [files.preview, files.thumbnail])
      if (path !== undefined) fault(path, "a picture without a video");
    return checked;
  }
  const reading = await withFile(mp4, async (file) => {
    checked.spans = await checkMinuteFile(file, minute, isDeep);
  });
  if (reading !== undefined) fault(mp4, `the mp4 cannot be read: ${reading}`);
  const remedy = reading === undefined ? ("pictures" as const) : undefined;
  for (const kind of ["preview", "thumbnail"] as const) {
    const path = files[kind];
    if (path === undefined) fault(mp4.replace(/mp4$/, `${kind}.jpg`), `the ${kind} is missing`, remedy);
    else {
      const trouble = await withFile(path, requireJpeg);
      if (trouble !== undefined) fault(path, `the ${kind} cannot be shown: ${trouble}`, remedy);
    }
  }
  return checked;
}

async function isOverdue(path: string, minuteEndMs: number, nowMs: number): Promise<boolean> {
  const state = await stat(path).catch(() => undefined);
  return state !== undefined && nowMs - Math.max(minuteEndMs, state.mtimeMs) > CONVERSION_DUE_MS;
}

/** The kinds of blocks in a chunk that this version does not know; "" also when it cannot be read or has vanished. */
async function unknownKindsIn(path: string): Promise<string> {
  let kinds: readonly number[] = [];
  await withFile(path, async (file) => {
    kinds = (await indexChunk(file)).unknownKinds;
  });
  return kinds.join(", ");
}

/** Why a file cannot be read; undefined when it can, or has vanished meanwhile. */
async function withFile(path: string, read: (file: FileHandle) => Promise<void>): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    await read(file);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    return error instanceof Mp4Error || code === undefined ? message : code;
  } finally {
    await file?.close();
  }
}

const JPEG_START = 0xffd8;
const JPEG_END = 0xffd9;

/** Throws unless a file begins and ends as a JPEG must (ITU-T T.81 B.1.1.3). */
async function requireJpeg(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) throw new Error("it is empty");
  const bytes = Buffer.alloc(4);
  await file.read(bytes, 0, 2, 0);
  await file.read(bytes, 2, 2, Math.max(0, size - 2));
  if (bytes.readUInt16BE(0) !== JPEG_START) throw new Error("it is no JPEG");
  if (bytes.readUInt16BE(2) !== JPEG_END) throw new Error("it is cut short");
}
