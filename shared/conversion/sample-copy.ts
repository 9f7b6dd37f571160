import type { FileHandle } from "node:fs/promises";
import { readAt, type SampleRange, type SampleSource } from "../minute/sample-source.ts";

/**
 * Appends samples to `output` in the form that an mp4 needs. Reads as much as `space` holds at a time: one read covers
 * many access units and the block headers between them, start codes are replaced by lengths in place, and one writev(2)
 * leaves out the headers. Throws the errors of read(2) and writev(2).
 */
export async function copySamples(ranges: readonly SampleRange[], output: FileHandle, space: Buffer): Promise<void> {
  let buffer = space;
  for (const { source, from, to } of ranges) {
    for (let first = from; first < to; ) {
      const start = source.offsets[first] as number;
      let next = first + 1;
      while (next < to && endOf(source, next) - start <= space.length && endOf(source, next) > start) next++;
      const length = endOf(source, next - 1) - start;
      if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(length);
      const filled = await readAt(source.file, buffer.subarray(0, length), start);
      if (filled < length) throw new Error(`${source.path} has become shorter`);
      await writeAll(output, samplesIn(buffer, source, first, next));
      first = next;
    }
  }
}

function endOf(source: SampleSource, index: number): number {
  return (source.offsets[index] as number) + (source.sizes[index] as number);
}

function samplesIn(buffer: Buffer, source: SampleSource, from: number, to: number): Buffer[] {
  const start = source.offsets[from] as number;
  if (!source.isAnnexB && endOf(source, to - 1) - start === sumOf(source.sizes, from, to)) {
    return [buffer.subarray(0, endOf(source, to - 1) - start)];
  }
  const samples: Buffer[] = [];
  for (let i = from; i < to; i++) {
    const at = (source.offsets[i] as number) - start;
    const sample = buffer.subarray(at, at + (source.sizes[i] as number));
    if (source.isAnnexB) source.codec.startCodesToLengths(sample);
    samples.push(sample);
  }
  return samples;
}

function sumOf(sizes: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += sizes[i] as number;
  return sum;
}

/** Writes all of the buffers, even if the kernel takes only a part at a time. Throws the errors of writev(2). */
export async function writeAll(output: FileHandle, buffers: Buffer[]): Promise<void> {
  let left = buffers;
  while (left.length > 0) {
    let { bytesWritten } = await output.writev(left);
    let done = 0;
    while (done < left.length && bytesWritten >= (left[done] as Buffer).length) {
      bytesWritten -= (left[done] as Buffer).length;
      done++;
    }
    left = left.slice(done);
    if (bytesWritten > 0) left[0] = (left[0] as Buffer).subarray(bytesWritten);
  }
}
