import type { ChunkOrigin } from "../chunk/format.ts";
import type { CaptureSpan } from "../mp4/capture-record.ts";
import { captureBounds, frameDurationUs, type Piece, type Recording } from "./recording.ts";

interface OpenSpan extends CaptureSpan {
  lastUs: number;
  frameUs: number;
}

/**
 * The spans of a minute: pieces of one session that join without a gap are one. A span ends where its last picture ends,
 * but not after the next span begins, unless the times repeat there.
 */
export function spansOf(recordings: readonly Recording[], pieces: readonly Piece[]): CaptureSpan[] {
  const spans: OpenSpan[] = [];
  for (const piece of pieces) {
    const recording = recordings[piece.recording] as Recording;
    const { firstUs, lastUs } = captureBounds(recordings, piece);
    const before = spans.at(-1);
    if (before !== undefined && firstUs > before.lastUs && firstUs < before.endUs) before.endUs = firstUs;
    const endUs = endOf(recording, piece, lastUs);
    if (
      before !== undefined &&
      isOneSession(before.origin, recording.origin) &&
      joins(before, recording, piece, firstUs)
    ) {
      before.sampleCount += piece.to - piece.from;
      before.lastUs = Math.max(before.lastUs, lastUs);
      before.endUs = Math.max(before.lastUs + 1, endUs);
      continue;
    }
    spans.push({
      sampleCount: piece.to - piece.from,
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

/** A piece that goes on in the middle of a GOP belongs to the span before it, whatever the times say. */
function joins(before: OpenSpan, recording: Recording, piece: Piece, firstUs: number): boolean {
  if (recording.keyframes[piece.from] !== 1) return true;
  return firstUs > before.lastUs && Math.abs(firstUs - before.endUs) <= before.frameUs / 2;
}

function isOneSession(a: ChunkOrigin | undefined, b: ChunkOrigin | undefined): boolean {
  return a !== undefined && b !== undefined && a.recorder === b.recorder && a.session === b.session;
}

function endOf(recording: Recording, piece: Piece, lastUs: number): number {
  if (piece.to === recording.captureTimesUs.length) return Math.max(recording.endUs, lastUs + 1);
  const nextUs = recording.captureTimesUs[piece.to] as number;
  return nextUs > lastUs ? nextUs : lastUs + frameDurationUs(recording.captureTimesUs);
}
