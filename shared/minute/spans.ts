import type { ChunkOrigin } from "../chunk/format.ts";
import type { CaptureSpan } from "../mp4/capture-record.ts";
import { captureBounds, frameDurationUs, type Recording, type RecordingRange } from "./recording.ts";

interface OpenSpan extends CaptureSpan {
  lastUs: number;
  frameUs: number;
}

/**
 * The spans of a minute: ranges of one session that join without a gap form one. A span ends where its last picture
 * ends, but not after the begin of the next span, unless the times repeat there.
 */
export function spansOf(recordings: readonly Recording[], ranges: readonly RecordingRange[]): CaptureSpan[] {
  const spans: OpenSpan[] = [];
  for (const range of ranges) {
    const recording = recordings[range.recording] as Recording;
    const { firstUs, lastUs } = captureBounds(recordings, range);
    const before = spans.at(-1);
    if (before !== undefined && firstUs > before.lastUs && firstUs < before.endUs) before.endUs = firstUs;
    const endUs = endOf(recording, range, lastUs);
    if (
      before !== undefined &&
      isOneSession(before.origin, recording.origin) &&
      joins(before, recording, range, firstUs)
    ) {
      before.sampleCount += range.to - range.from;
      before.lastUs = Math.max(before.lastUs, lastUs);
      before.endUs = Math.max(before.lastUs + 1, endUs);
      continue;
    }
    spans.push({
      sampleCount: range.to - range.from,
      firstCaptureTimeUs: firstUs,
      endUs,
      ...(recording.origin === undefined ? {} : { origin: recording.origin }),
      lastUs,
      frameUs: frameDurationUs(recording.captureTimesUs),
    });
  }
  return spans.map(({ sampleCount, firstCaptureTimeUs, endUs, origin }) => ({
    sampleCount,
    firstCaptureTimeUs,
    endUs,
    ...(origin === undefined ? {} : { origin }),
  }));
}

/** A range that begins in the middle of a GOP belongs to the span before it, whatever the times say. */
function joins(before: OpenSpan, recording: Recording, range: RecordingRange, firstUs: number): boolean {
  if (recording.keyframes[range.from] !== 1) return true;
  return firstUs > before.lastUs && Math.abs(firstUs - before.endUs) <= before.frameUs / 2;
}

function isOneSession(a: ChunkOrigin | undefined, b: ChunkOrigin | undefined): boolean {
  return a !== undefined && b !== undefined && a.recorder === b.recorder && a.session === b.session;
}

function endOf(recording: Recording, range: RecordingRange, lastUs: number): number {
  if (range.to === recording.captureTimesUs.length) return Math.max(recording.endUs, lastUs + 1);
  const nextUs = recording.captureTimesUs[range.to] as number;
  return nextUs > lastUs ? nextUs : lastUs + frameDurationUs(recording.captureTimesUs);
}
