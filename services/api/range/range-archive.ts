import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { IndexTurn } from "./held-index.ts";
import type { RangeFile } from "./range-file.ts";

/** The file that lists the cameras that are not in the zip. */
const LEFT_OUT = "left-out.txt";

/** A range whose index is made when it is sent. */
export interface ArchivedRange extends Pick<RangeFile, "file" | "fileName" | "firstUs"> {
  turn: IndexTurn;
}

/** Cameras that are not in the zip, and why. */
export interface LeftOut {
  withoutFootage: string[];
  unreadable: string[];
}

/** Ranges as one zip (PKWARE APPNOTE 6.3.3), uncompressed; `stream` fails with the first error of any range. */
export interface RangeArchive {
  /** In bytes. */
  length: number;
  stream: Readable;
  /** Stops reading; the files of the ranges may be closed then. */
  stop(): Promise<void>;
}

/** Lays out the zip. At least one range is needed. */
export function archiveRanges(ranges: readonly ArchivedRange[], leftOut: LeftOut): RangeArchive {
  const zip = new ZipFile();
  const stream = zip.outputStream as Readable;
  const options = (firstUs: number) => ({ compress: false, mtime: new Date(firstUs / 1000), mode: 0o100644 });
  let contents = Readable.from([]);
  for (const { file, fileName, firstUs, turn } of ranges) {
    zip.addReadStreamLazy(fileName, { ...options(firstUs), size: file.entity.length }, (give) => {
      const whole = file.contents(0, file.entity.length, turn);
      contents = Readable.from(copies(whole), { objectMode: false });
      contents.once("error", (error) => stream.destroy(error));
      give(null, contents);
    });
  }
  const text = textOf(leftOut);
  if (text !== "") zip.addBuffer(Buffer.from(text), LEFT_OUT, options(ranges[0]?.firstUs ?? 0));
  let length = -1;
  // Always Zip64 for the directory: yazl's calculated length assumes it from another size on than yazl writes it.
  zip.end({ forceZip64Format: true, comment: "" }, (...sizes: number[]) => {
    length = sizes[0] as number; // the argument is missing in @types/yazl
  });
  zip.once("error", (error) => stream.destroy(error));
  return {
    length,
    stream,
    stop: async () => {
      stream.destroy();
      if (!contents.closed) await new Promise((closed) => contents.once("close", closed).destroy());
    },
  };
}

function textOf({ withoutFootage, unreadable }: LeftOut): string {
  const line = (what: string, cameras: string[]) => (cameras.length === 0 ? "" : `${what}: ${cameras.join(", ")}\n`);
  return line("No footage in this range", withoutFootage) + line("Footage that cannot be read", unreadable);
}

/** Copies the parts: each is valid only until the next one, but the zip's streams keep several. */
async function* copies(contents: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const bytes of contents) yield Buffer.from(bytes);
}
