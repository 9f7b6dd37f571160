/** Size of the first part of a minute's file, which holds its index: about 30 kB at 25 frames a second. */
const HEAD_BYTES = 65_536;
const MAX_INDEX_BYTES = 4_000_000;
const PATIENCE_MS = 15_000;
/** The extended type of the box with the capture times: docs/mp4.md, shared/mp4/capture-record.ts. */
const CAPTURE_RECORD_UUID = "c3f1a6d27e0b4d5f9a418e2d5b7790c4";
const UUID_BYTES = 16;

/**
 * The capture time of a minute's first frame, ms since the Unix epoch, read from the start of its mp4; undefined when
 * the file does not say. The minute's name is not exact: its first frame comes up to a GOP later. Throws when the file
 * cannot be read.
 */
export async function readCaptureStart(url: string, signal: AbortSignal): Promise<number | undefined> {
  const head = await readHead(url, HEAD_BYTES, signal);
  const indexEnd = indexEndOf(head);
  const isWhole = indexEnd === undefined || indexEnd <= head.length || indexEnd > MAX_INDEX_BYTES;
  return parseCaptureStart(isWhole ? head : await readHead(url, indexEnd, signal));
}

/** The first capture time, ms since the Unix epoch, in the capture record of an mp4's index; undefined without one. */
export function parseCaptureStart(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const index = findBox(view, 0, bytes.length, "moov");
  if (index === undefined) return undefined;
  let at = index.start;
  for (;;) {
    const found = findBox(view, at, index.end, "uuid");
    if (found === undefined) return undefined;
    const version = found.start + UUID_BYTES;
    if (version + 12 <= found.end && hexOf(bytes, found.start, UUID_BYTES) === CAPTURE_RECORD_UUID) {
      return view.getUint8(version) === 1 ? Number(view.getBigUint64(version + 4)) / 1000 : undefined;
    }
    at = found.end;
  }
}

/** Where the index ends, possibly beyond the bytes; undefined when it does not begin within them. */
function indexEndOf(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return findBox(view, 0, Number.MAX_SAFE_INTEGER, "moov")?.end;
}

/** The content of the first box of a type between two offsets (ISO/IEC 14496-12 §4.2), cut off at the second. */
function findBox(view: DataView, start: number, end: number, type: string): { start: number; end: number } | undefined {
  for (let at = start; at + 8 <= Math.min(end, view.byteLength); ) {
    const size = view.getUint32(at);
    if (size < 8) return undefined; // a 64-bit size, or to the end of the file: media, after the index
    const name = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
    if (name === type) return { start: at + 8, end: Math.min(end, at + size) };
    at += size;
  }
  return undefined;
}

async function readHead(url: string, length: number, signal: AbortSignal): Promise<Uint8Array> {
  const headers = { Range: `bytes=0-${length - 1}` };
  const response = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
  if (response.status !== 206) {
    void response.body?.cancel();
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return new Uint8Array(); // a proxy without range requests: not worth fetching the whole file
  }
  return new Uint8Array(await response.arrayBuffer());
}

function hexOf(bytes: Uint8Array, start: number, length: number): string {
  return Array.from(bytes.subarray(start, start + length), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
