import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChunkPlanner } from "../../services/recorder/chunk/chunk-planner.ts";
import { ChunkRecorder } from "../../services/recorder/chunk/chunk-recorder.ts";
import { CaptureClock } from "../../services/recorder/clock/capture-clock.ts";
import { H264Format } from "../../services/recorder/codec/h264/h264-rtp-codec.ts";
import { AccessUnitBuffer } from "../../services/recorder/rtp/access-unit-buffer.ts";
import { packetize } from "../../services/recorder/testing/h264-stream.ts";
import { recordingDisks } from "../../services/recorder/testing/recording-disks.ts";
import { SimulatedClock } from "../../services/recorder/testing/simulated-clock.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import { type Note, sha256 } from "./answers.ts";
import { fixtureClip } from "./fixtures.ts";

const START_CODE = Buffer.from([0, 0, 0, 1]);
const PACKET_BYTES = 300;
const TICKS_PER_SECOND = 90_000;
const FRAME_US = 40_000;

/** The chunks that the recorder's parts write from RTP packets: a clip with B-frames, across the end of a minute. */
export async function recorderNotes(): Promise<Record<string, Note>> {
  const directory = await mkdtemp(join(tmpdir(), "hindsight-bytes-"));
  try {
    await recordSession(directory);
    const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".chunk")).sort();
    const notes: Record<string, Note> = {};
    for (const name of names) {
      const bytes = await readFile(join(directory, name));
      notes[`recorder ${name}`] = { bytes: bytes.length, sha256: sha256(bytes) };
    }
    return notes;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function recordSession(directory: string): Promise<void> {
  const clock = new SimulatedClock(Date.UTC(2025, 10, 24, 14, 58, 59) * 1000);
  const capture = new CaptureClock(clock, TICKS_PER_SECOND);
  const planner = new ChunkPlanner(capture, H264.blockKind);
  const buffer = new AccessUnitBuffer(16 * 1024 * 1024);
  const depacketizer = new H264Format([]).depacketizer(buffer, {
    unwrap: (timestamp, isKeyframe) => capture.unwrap(timestamp, isKeyframe),
    frame: () => capture.observe(),
  });
  const units = fixtureClip("b-frames").map(({ data, isKeyframe, shown }) => {
    const timestamp = (0xffff_0000 + (shown * FRAME_US * TICKS_PER_SECOND) / 1_000_000) % 2 ** 32;
    return { nals: nalsOf(data), timestamp, isKeyframe };
  });
  for (const { unit, payload, header } of packetize(units, PACKET_BYTES, true)) {
    clock.advanceTo(unit * FRAME_US);
    depacketizer.take(payload, { ...header, payloadStart: 0, payloadEnd: payload.length });
  }
  depacketizer.end();
  const recorder = new ChunkRecorder({
    camera: "yard",
    directory,
    maxBufferBytes: 16 * 1024 * 1024,
    syncIntervalMs: 5000,
    disks: recordingDisks(),
    closed: () => {},
    trouble: () => {},
  });
  recorder.begin({ origin: { recorder: "alpha", session: 1, boot: "boot" }, written: () => {} });
  const batch = buffer.take();
  if (batch === undefined) throw new Error("no access unit came out");
  recorder.push([...planner.plan(batch), ...planner.end()]);
  const lost = await recorder.stop(30_000);
  if (lost !== 0) throw new Error(`${lost} bytes were not written`);
}

/** The NAL units of a fixture's access unit: each follows a start code of four bytes, and none contains one. */
function nalsOf(unit: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at < unit.length; ) {
    const next = unit.indexOf(START_CODE, at + START_CODE.length);
    const end = next === -1 ? unit.length : next;
    nals.push(unit.subarray(at + START_CODE.length, end));
    at = end;
  }
  return nals;
}
