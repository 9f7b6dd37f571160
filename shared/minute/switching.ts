import type { Gop, Line } from "./lines.ts";
import type { Piece, Recording } from "./recording.ts";

/** A switch must show more than this many pictures more, so that nothing is gained by switching to and fro. */
const SWITCH_COST = 0.5;

interface Node {
  line: Line;
  gop: Gop;
  /** Index of the GOP in its line. */
  index: number;
  frames: number;
  /** The most pictures that can be shown before this GOP, less the cost of switches, and how to come to it. */
  score: number;
  before: { node: Node; keptPieces: Piece[] } | undefined;
}

/**
 * Chooses what to show of lines that recorded the same moments: from one at a time, changing at keyframes only, nothing
 * twice, and as many pictures as can be, so that where one has a hole the other fills it. Found as the best path over the
 * GOPs of all lines: from each the path leads on to the next of its line, or to one of another line that begins while
 * this one lasts (or, at the end of a line, later), and then ends before that one's first picture.
 */
export function chooseAmong(recordings: readonly Recording[], lines: readonly Line[]): Piece[] {
  const nodes: Node[] = lines.flatMap((line) =>
    line.gops.map((gop, index) => ({ line, gop, index, frames: countOf(gop.pieces), score: 0, before: undefined })),
  );
  nodes.sort((a, b) => a.gop.startUs - b.gop.startUs);
  let best: Node | undefined;
  for (const [position, node] of nodes.entries()) {
    const next = node.line.gops[node.index + 1];
    const limitUs = next?.startUs ?? Number.POSITIVE_INFINITY;
    for (let i = position + 1; i < nodes.length; i++) {
      const target = nodes[i] as Node;
      if (target.gop === next) relax(target, node, node.gop.pieces, node.score + node.frames);
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

function relax(target: Node, node: Node, keptPieces: Piece[], score: number): void {
  if (target.before !== undefined && score <= target.score) return;
  if (target.before === undefined && score <= 0) return;
  target.score = score;
  target.before = { node, keptPieces };
}

/** The longest beginning of a GOP, in decode order, whose pictures all come before a time. */
function keptBefore(recordings: readonly Recording[], node: Node, untilUs: number): Piece[] {
  const kept: Piece[] = [];
  for (const { recording, from, to } of node.gop.pieces) {
    const { captureTimesUs } = recordings[recording] as Recording;
    let end = from;
    while (end < to && (captureTimesUs[end] as number) < untilUs) end++;
    if (end > from) kept.push({ recording, from, to: end });
    if (end < to) break;
  }
  return kept;
}

function pathTo(last: Node): Piece[] {
  const parts: Piece[][] = [last.gop.pieces];
  for (let step = last.before; step !== undefined; step = step.node.before) parts.push(step.keptPieces);
  return parts.reverse().flat();
}

function countOf(pieces: Piece[]): number {
  return pieces.reduce((sum, { from, to }) => sum + to - from, 0);
}
