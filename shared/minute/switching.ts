import type { Gop, Line } from "./lines.ts";
import type { Recording, RecordingRange } from "./recording.ts";

/** A switch must gain more than this many pictures, so that there is no switching to and fro without gain. */
const SWITCH_COST = 0.5;

interface Node {
  line: Line;
  gop: Gop;
  /** Index of the GOP in its line. */
  index: number;
  frames: number;
  /**
   * The most pictures that can be shown before this GOP, minus the cost of switches; `before` is the way that gives
   * them.
   */
  score: number;
  before: { node: Node; keptRanges: RecordingRange[] } | undefined;
}

/**
 * Chooses what to show of lines that recorded the same moments: from one line at a time, changing at keyframes only,
 * nothing twice, and as many pictures as possible, so that each line fills the holes of the other. Finds the best path
 * over the GOPs of all lines: from a GOP the path continues with the next one of its line, or with one of another line
 * that begins during this GOP (or, at the end of a line, later); this GOP is then cut before that one's first picture.
 */
export function chooseAmong(recordings: readonly Recording[], lines: readonly Line[]): RecordingRange[] {
  const nodes: Node[] = lines.flatMap((line) =>
    line.gops.map((gop, index) => ({ line, gop, index, frames: countOf(gop.ranges), score: 0, before: undefined })),
  );
  nodes.sort((a, b) => a.gop.startUs - b.gop.startUs);
  let best: Node | undefined;
  for (const [position, node] of nodes.entries()) {
    const next = node.line.gops[node.index + 1];
    const limitUs = next?.startUs ?? Number.POSITIVE_INFINITY;
    for (let i = position + 1; i < nodes.length; i++) {
      const target = nodes[i] as Node;
      if (target.gop === next) relax(target, node, node.gop.ranges, node.score + node.frames);
      else if (target.line === node.line || target.gop.startUs <= node.gop.startUs) continue;
      else if (target.gop.startUs <= limitUs) {
        const kept = keptBefore(recordings, node, target.gop.startUs - node.line.frameUs / 2);
        relax(target, node, kept, node.score + countOf(kept) - SWITCH_COST);
      }
      if (target.gop.startUs > limitUs) break;
    }
    if (best === undefined || node.score + node.frames > best.score + best.frames) best = node;
  }
  return best === undefined ? [] : pathTo(best);
}

function relax(target: Node, node: Node, keptRanges: RecordingRange[], score: number): void {
  if (target.before !== undefined && score <= target.score) return;
  if (target.before === undefined && score <= 0) return;
  target.score = score;
  target.before = { node, keptRanges };
}

/** The longest beginning of a GOP, in decode order, in which all pictures are shown before a time. */
function keptBefore(recordings: readonly Recording[], node: Node, untilUs: number): RecordingRange[] {
  const kept: RecordingRange[] = [];
  for (const { recording, from, to } of node.gop.ranges) {
    const { captureTimesUs } = recordings[recording] as Recording;
    let end = from;
    while (end < to && (captureTimesUs[end] as number) < untilUs) end++;
    if (end > from) kept.push({ recording, from, to: end });
    if (end < to) break;
  }
  return kept;
}

function pathTo(last: Node): RecordingRange[] {
  const parts: RecordingRange[][] = [last.gop.ranges];
  for (let step = last.before; step !== undefined; step = step.node.before) parts.push(step.keptRanges);
  return parts.reverse().flat();
}

function countOf(ranges: RecordingRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
