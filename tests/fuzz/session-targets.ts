import fc from "fast-check";
import { CameraRefusedError } from "../../services/recorder/errors/camera-error.ts";
import { InterleavedReader } from "../../services/recorder/rtsp/interleaved-reader.ts";
import { RtspSyntaxError } from "../../services/recorder/rtsp/message.ts";
import { checkChunk } from "./chunk-check.ts";
import { ChunkingSession } from "./in-memory-chunks.ts";
import { LOCAL_KINDS, mutate, mutationLists, sessionSource } from "./mutations.ts";
import { isVideo, prolong, type Session, timestampOf } from "./recorded-session.ts";
import { pushInReads, SessionReceiver } from "./session-receiver.ts";
import { allocatesAtMost, type FuzzTarget, fuzzTarget, must, throwsOnly } from "./target.ts";

/** The reader may hold one message of 256 kB plus one read, in a buffer of the next power of two. */
const MAX_CARRY_BUFFER_BYTES = 512 * 1024;
/** Initial size of AccessUnitBuffer, even if its limit is smaller. */
const FIRST_BUFFER_BYTES = 256 * 1024;
/** Maximum loss after an error: one false header, a search for false channels, and one more false header. */
const ASTRAY_BYTES = 3 * (0xffff + 4);
/** After a wrong number SequenceTracker takes up to this many packets for late ones. */
const LATE_PACKETS = 100;
const MAX_INPUT_BYTES = 1024 * 1024;
const MUTATED_BYTES = 20_000;
const LONG_BYTES = 400_000;

/** A frame that the receiver passed on. */
interface Frame {
  timestamp: number;
  bytes: Buffer;
}

/** The result of a session: the frames, and the error that ended it. */
export interface Outcome {
  frames: Frame[];
  handedOn: number;
  garbageBytes: number;
  error: string | undefined;
}

/** Receives bytes in reads that end at `cuts`. Throws when anything but the documented errors is thrown. */
export function receive(bytes: Buffer, videoChannel: number, cuts: readonly number[]): Outcome {
  const frames: Frame[] = [];
  const receiver: SessionReceiver = new SessionReceiver({
    videoChannel,
    maxBufferBytes: 64 * 1024 * 1024,
    unwrap: (timestamp) => timestamp,
    frame: (timestamp) => {
      const { bytes: source, start, end } = receiver.buffer.newest() as { bytes: Buffer; start: number; end: number };
      frames.push({ timestamp, bytes: Buffer.from(source.subarray(start, end)) });
      const batch = receiver.buffer.take();
      if (batch !== undefined) receiver.buffer.recycle(batch.bytes);
    },
  });
  const error = throwsOnly(
    () => pushInReads(bytes, cuts, (read, length) => receiver.push(read, length)),
    RtspSyntaxError,
    CameraRefusedError,
  );
  receiver.end(); // the last unit of a camera that is assumed to mark every slice comes only now
  const { handedOn, garbageBytes } = receiver;
  return { frames, handedOn, garbageBytes, error: error?.message };
}

/** Throws unless two outcomes are equal; after an error the counts of skipped bytes may differ. */
export function mustEqual(one: Outcome, two: Outcome): void {
  must(one.error === two.error, `ended by "${one.error}" and "${two.error}"`);
  must(one.handedOn === two.handedOn, `${one.handedOn} and ${two.handedOn} packets and messages`);
  must(one.frames.length === two.frames.length, `${one.frames.length} and ${two.frames.length} frames`);
  one.frames.forEach((frame, i) => {
    const other = two.frames[i] as Frame;
    must(frame.timestamp === other.timestamp && frame.bytes.equals(other.bytes), `frame ${i} differs`);
  });
}

/** Targets for the complete path of a session's bytes. */
export function sessionTargets(sessions: readonly Session[]): FuzzTarget[] {
  const pairs = fc.tuple(fc.nat(sessions.length - 1), fc.nat(sessions.length - 1)); // numbers, so that reports stay short
  const cuts = fc.oneof(
    fc.array(fc.nat(), { maxLength: 60 }),
    fc
      .integer({ min: 1, max: 3000 })
      .map((step) => Array.from({ length: Math.floor(30_000 / step) }, (_, i) => i * step)),
  );
  return [
    readerTarget(),
    fuzzTarget("cuts", 120, fc.tuple(pairs, mutationLists(4), cuts), ([[one, two], mutations, ends]) => {
      const { bytes } = mutate(sessionSource(sessions[one] as Session, sessions[two] as Session), mutations);
      const { videoChannel } = sessions[one] as Session;
      const whole = receive(bytes, videoChannel, []);
      must(whole.handedOn + whole.garbageBytes <= bytes.length, "more was handed on than came");
      mustEqual(whole, receive(bytes, videoChannel, ends));
    }),
    resilienceTarget(sessions),
    wholeSessionTarget(sessions),
  ];
}

/** Messages without end, garbage, and the beginnings of packets, up to a megabyte. */
function readerTarget(): FuzzTarget {
  const pieces = fc.oneof(
    fc.constantFrom(
      "RTSP/1.0 200 OK\r\n",
      "Content-Length: 250000\r\n\r\n",
      "a:b\r\n",
      " c\n",
      "\r\n",
      "\n",
      "$",
      "$\0\0\x05",
    ),
    fc.constantFrom("$\0\xff\xff\x80", "OPTIONS * RTSP/1.0\r\n\r\n", "R", "RTSP/", "a", "\0", "ANNOUNCE "),
    fc.string({ maxLength: 10 }),
  );
  const counts = fc.oneof({ weight: 4, arbitrary: fc.nat(5) }, fc.nat(4000));
  const mixed = fc
    .array(fc.tuple(pieces, counts), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.map(([piece, times]) => piece.repeat(times)).join(""));
  const starts = fc.constantFrom("RTSP/1.0 200 OK\r\n", "RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n");
  const endless = fc
    .tuple(starts, pieces, fc.nat(MAX_INPUT_BYTES))
    .map(([start, piece, length]) => start + "".padEnd(length, piece));
  const inputs = fc.oneof({ weight: 3, arbitrary: mixed }, endless);
  const reads = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 100, max: 100_000 }));
  return fuzzTarget("interleaved-reader", 100, fc.tuple(inputs, reads), async ([text, readBytes]) => {
    const bytes = Buffer.from(text, "latin1").subarray(0, MAX_INPUT_BYTES);
    let handedOn = 0;
    let handedBytes = 0;
    const reader = new InterleavedReader({
      packet: (_channel, source, start, end) => {
        must(start <= end && end <= source.length, "a packet outside of its bytes");
        handedOn++;
        handedBytes += end - start + 4;
      },
      message: () => {
        handedOn++;
      },
      garbage: (count) => {
        must(count > 0, "garbage of no bytes");
        handedBytes += count;
      },
    });
    const ends = Array.from({ length: Math.floor(bytes.length / readBytes) }, (_, i) => (i + 1) * readBytes);
    const limits = { largest: MAX_CARRY_BUFFER_BYTES, total: 4 * MAX_CARRY_BUFFER_BYTES };
    const work = () => {
      let from = 0;
      for (const to of [...ends, bytes.length]) {
        const read = bytes.subarray(from, to);
        reader.push(read, read.length);
        from = to;
      }
    };
    await allocatesAtMost(limits, () => void throwsOnly(work, RtspSyntaxError));
    must(handedOn <= bytes.length && handedBytes <= bytes.length, "more was handed on than came");
  });
}

/** Frames before the change are received, and so are those after it, once the reader has resynchronised. */
function resilienceTarget(sessions: readonly Session[]): FuzzTarget {
  const long = sessions.map((session) => prolong(session, Math.ceil(LONG_BYTES / session.bytes.length)));
  const undisturbed = long.map(({ bytes, videoChannel }) => receive(bytes, videoChannel, []).frames);
  const inputs = fc.tuple(fc.nat(long.length - 1), fc.nat(long.length - 1), mutationLists(3, LOCAL_KINDS), fc.nat());
  return fuzzTarget("resilience", 40, inputs, ([index, otherIndex, mutations, cut]) => {
    const session = long[index] as Session;
    const other = sessions[otherIndex] as Session;
    const { bytes, pieces, videoChannel } = session;
    const from = pieces.find((piece) => piece.channel !== undefined)?.start as number;
    const changed = mutate(sessionSource(session, other), mutations, from, from + MUTATED_BYTES);
    const expected = undisturbed[index] as Frame[];
    const { frames, error } = receive(changed.bytes, videoChannel, [cut]);
    const before = framesWithin(session, 0, changed.sameAtStart);
    before.forEach((timestamp, i) => {
      must(frames[i]?.timestamp === timestamp, `frame ${i}, which came before the change, did not come out`);
    });
    if (error !== undefined) return; // the session is over, and is opened again
    const video = pieces.filter((piece) => isVideo(session, piece));
    const backAt = bytes.length - changed.sameAtEnd + ASTRAY_BYTES;
    const back = video.findIndex((piece) => piece.start >= backAt);
    const backTimestamp = timestampOf(bytes, video[back + LATE_PACKETS] as (typeof video)[0]);
    const first = expected.findIndex(({ timestamp }) => timestamp === backTimestamp) + 1;
    const keyframe = expected.findIndex((frame, i) => i >= first && holdsType(frame.bytes, 5));
    must(keyframe > 0 && keyframe < expected.length - 3, "the session is too short to show anything");
    const wanted = expected.slice(keyframe);
    const got = frames.slice(-wanted.length);
    wanted.forEach((frame, i) => {
      const isSame = got[i]?.timestamp === frame.timestamp && picturesOf(got[i].bytes).equals(picturesOf(frame.bytes));
      must(isSame, `frame ${keyframe + i} of ${expected.length}, long after the change, did not come out`);
    });
  });
}

/** Timestamps of the frames that are complete between `from` and `to`, in order. */
function framesWithin(session: Session, from: number, to: number): number[] {
  const timestamps = new Map<number, boolean>();
  for (const piece of session.pieces.filter((one) => isVideo(session, one))) {
    const timestamp = timestampOf(session.bytes, piece);
    const isInside = piece.start >= from && piece.end <= to;
    timestamps.set(timestamp, isInside && timestamps.get(timestamp) !== false);
  }
  return [...timestamps].filter(([, isInside]) => isInside).map(([timestamp]) => timestamp);
}

/**
 * Only the NAL units of pictures, each after a four-byte start code: a changed parameter set remains in later
 * keyframes.
 */
function picturesOf(bytes: Buffer): Buffer {
  const starts = startsOf(bytes);
  const nals = starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length));
  return Buffer.concat(nals.filter((nal) => ((nal[4] as number) & 31) < 6));
}

function holdsType(bytes: Buffer, type: number): boolean {
  return startsOf(bytes).some((start) => ((bytes[start + 4] as number) & 31) === type);
}

function startsOf(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf("\0\0\0\x01"); at !== -1; at = bytes.indexOf("\0\0\0\x01", at + 4)) starts.push(at);
  return starts;
}

/** Bytes in, chunks out: the chunks are well-formed for any input. */
function wholeSessionTarget(short: readonly Session[]): FuzzTarget {
  // With few flushes a long session gathers more than fits.
  const sessions = [...short, prolong(short[0] as Session, 60)];
  const inputs = fc.record({
    sessionIndex: fc.nat(sessions.length - 1),
    otherIndex: fc.nat(sessions.length - 1),
    mutations: fc.oneof({ weight: 5, arbitrary: mutationLists(6) }, fc.constant([])),
    readBytes: fc.oneof(fc.integer({ min: 200, max: 4000 }), fc.integer({ min: 4000, max: 40_000 })),
    readIntervalUs: fc.integer({ min: 1000, max: 300_000 }),
    readsPerFlush: fc.integer({ min: 1, max: 40 }),
    maxBufferBytes: fc.oneof(fc.integer({ min: 1000, max: 30_000 }), fc.integer({ min: 200_000, max: 1_000_000 })),
  });
  return fuzzTarget("whole-session", 120, inputs, async (input) => {
    const { mutations, maxBufferBytes, readBytes } = input;
    const session = sessions[input.sessionIndex] as Session;
    const { bytes } = mutate(sessionSource(session, sessions[input.otherIndex] as Session), mutations);
    const way = new ChunkingSession({ ...input, videoChannel: session.videoChannel });
    const ends = Array.from({ length: Math.floor(bytes.length / readBytes) }, (_, i) => (i + 1) * readBytes);
    let error: Error | undefined;
    const total =
      2 * Math.max(FIRST_BUFFER_BYTES, maxBufferBytes) * (ends.length + 8) + 32 * bytes.length + MAX_CARRY_BUFFER_BYTES;
    // The test itself copies the input and the chunks.
    const largest = Math.max(FIRST_BUFFER_BYTES, maxBufferBytes, 3 * bytes.length);
    await allocatesAtMost({ largest, total }, () => {
      error = throwsOnly(
        () => pushInReads(bytes, ends, (read, length) => way.push(read, length)),
        RtspSyntaxError,
        CameraRefusedError,
      );
      way.end();
    });
    const checked = await Promise.all(way.chunks.map(checkChunk));
    const frames = checked.reduce((sum, count) => sum + count, 0);
    must(frames === way.frames, `${way.frames} frames were kept, ${frames} are in the chunks`);
    if (mutations.length > 0 || maxBufferBytes < bytes.length) return;
    must(error === undefined, `a session without a fault ended: ${error?.message}`);
    const sent = framesWithin(session, 0, bytes.length).length;
    must(frames >= sent - 1 && frames <= sent, `${sent} frames were sent, ${frames} are in the chunks`);
  });
}
