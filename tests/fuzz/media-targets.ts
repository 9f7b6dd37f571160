import fc from "fast-check";
import { H264Format } from "../../services/recorder/codec/h264/h264-rtp-codec.ts";
import { ParameterSets } from "../../services/recorder/codec/h264/parameter-sets.ts";
import { parseSenderReport } from "../../services/recorder/rtcp/sender-report.ts";
import { AccessUnitBuffer } from "../../services/recorder/rtp/access-unit-buffer.ts";
import { emptyRtpPacket, parseRtpPacket } from "../../services/recorder/rtp/packet.ts";
import { SequenceTracker } from "../../services/recorder/rtp/sequence.ts";
import { parseSps, SpsError } from "../../shared/codec/h264/sps.ts";
import { removeEmulationPrevention, splitAnnexB } from "../../shared/codec/nal-units.ts";
import { type Mutation, mutate, mutationLists, plainSource } from "./mutations.ts";
import { isVideo, type Session } from "./recorded-session.ts";
import { allocatesAtMost, type FuzzTarget, fuzzTarget, must, throwsOnly } from "./target.ts";

const PACKET_HEADER_BYTES = 4;
const RTP_HEADER_BYTES = 12;
/** Longer parameter sets are not kept (ParameterSets). */
const MAX_SET_BYTES = 4096;
const MAX_SETS = 32 + 256;
const FIRST_BUFFER_BYTES = 256 * 1024;

/** RTP, RTCP, and the content of payloads. */
export function mediaTargets(sessions: readonly Session[]): FuzzTarget[] {
  const packets = sessions.flatMap((session) => packetsOf(session, () => true));
  const video = sessions.map((session) => packetsOf(session, (piece) => isVideo(session, piece)));
  const rtcp = packets.filter((packet) => packet[1] === 200);
  const sets = sessions.flatMap(parameterSetsOf);
  return [
    rtpTarget(packets),
    rtcpTarget(rtcp),
    depacketizerTarget(video),
    setsTarget(),
    spsTarget(sets),
    nalTarget(packets),
  ];
}

function rtpTarget(packets: readonly Buffer[]): FuzzTarget {
  const inputs = fc.tuple(mutated(packets), fc.nat(20), fc.nat(20));
  return fuzzTarget("rtp", 400, inputs, ([bytes, before, behind]) => {
    const framed = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(behind, 0xff)]);
    const packet = emptyRtpPacket();
    const end = before + bytes.length;
    if (!parseRtpPacket(framed, before, end, packet)) return;
    must(packet.payloadStart >= before + RTP_HEADER_BYTES, "the payload begins in the header");
    must(
      packet.payloadStart <= packet.payloadEnd && packet.payloadEnd <= end,
      "the payload ends outside of the packet",
    );
  });
}

function rtcpTarget(packets: readonly Buffer[]): FuzzTarget {
  const inputs = fc.tuple(mutated(packets), fc.nat(20), fc.nat(20));
  return fuzzTarget("rtcp", 400, inputs, ([bytes, before, behind]) => {
    const framed = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(behind, 0xff)]);
    const report = parseSenderReport(framed, before, before + bytes.length);
    must(report === undefined || bytes.length >= 28, "a report from fewer bytes than one has");
    must(report === undefined || Number.isSafeInteger(report.ntpUs), `a sender report of ${report?.ntpUs} µs`);
  });
}

/** What may happen to one packet of a stream. */
interface Fate {
  mutations: readonly Mutation[];
  isLost: boolean;
  isTwice: boolean;
}

function depacketizerTarget(streams: readonly (readonly Buffer[])[]): FuzzTarget {
  const fate: fc.Arbitrary<Fate> = fc.record({
    mutations: fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, mutationLists(2)),
    isLost: fc.nat(30).map((n) => n === 0),
    isTwice: fc.nat(30).map((n) => n === 0),
  });
  const inputs = fc.tuple(
    fc.nat(streams.length - 1),
    fc.array(fate, { minLength: 1, maxLength: 80 }),
    fc.integer({ min: 500, max: 40_000 }),
  );
  return fuzzTarget("h264-depacketizer", 150, inputs, async ([index, fates, maxBytes]) => {
    const stream = streams[index] as readonly Buffer[];
    const sent = fates.flatMap(({ mutations, isLost, isTwice }, i) => {
      const packet = stream[i % stream.length] as Buffer;
      const changed = mutate(payloadSource(packet), mutations).bytes;
      return isLost ? [] : isTwice ? [changed, changed] : [changed];
    });
    await allocatesAtMost({ largest: FIRST_BUFFER_BYTES, total: 2 * FIRST_BUFFER_BYTES + 4096 * sent.length }, () =>
      depacketize(sent, maxBytes),
    );
  });
}

function depacketize(sent: readonly Buffer[], maxBytes: number): void {
  const buffer = new AccessUnitBuffer(maxBytes);
  let frames = 0;
  const depacketizer = new H264Format([]).depacketizer(buffer, {
    unwrap: (timestamp) => timestamp,
    frame: (_rtpUs, bytes, isKeyframe) => {
      const unit = buffer.newest();
      must(unit !== undefined && unit.end - unit.start === bytes, "a frame of another size than it says");
      must(unit.bytes.readUInt32BE(unit.start) === 1, "a frame without a start code");
      must(++frames > 1 || isKeyframe, "the first frame is no keyframe");
    },
  });
  const sequence = new SequenceTracker();
  const packet = emptyRtpPacket();
  for (const bytes of sent) {
    if (!parseRtpPacket(bytes, 0, bytes.length, packet)) continue;
    const lost = sequence.take(packet.sequenceNumber, packet.ssrc, packet.timestamp);
    must(lost >= -1 && lost <= 3000, `${lost} packets lost`);
    if (lost === -1) continue;
    if (lost > 0) depacketizer.lost();
    depacketizer.take(bytes, packet);
    must(buffer.waitingBytes + buffer.currentBytes <= FIRST_BUFFER_BYTES, "more than may be gathered");
  }
  const { damagedFrames, framesBeforeKeyframe, badPackets } = depacketizer.counters;
  must(frames + damagedFrames + framesBeforeKeyframe <= sent.length, "more frames than packets");
  must(badPackets <= sent.length, "more bad packets than packets");
}

/** Parameter sets of which each is different do not accumulate. */
function setsTarget(): FuzzTarget {
  const nal = fc.tuple(fc.constantFrom(0x67, 0x68, 0x27, 0x28, 0x65), fc.uint8Array({ maxLength: 24 }), fc.nat(5000));
  return fuzzTarget("parameter-sets", 150, fc.array(nal, { maxLength: 60 }), (nals) => {
    const sets = new ParameterSets();
    for (const [type, bytes, padding] of nals) {
      sets.take(Buffer.concat([Buffer.from([type]), bytes, Buffer.alloc(padding > 4000 ? padding : 0, 0x55)]));
    }
    const kept = [...sets.sequence, ...sets.picture];
    must(kept.length <= MAX_SETS, `${kept.length} parameter sets are kept`);
    for (const set of kept) must(set.length <= MAX_SET_BYTES, `a parameter set of ${set.length} bytes is kept`);
  });
}

function spsTarget(sets: readonly Buffer[]): FuzzTarget {
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.from([0x67]), bytes]));
  return fuzzTarget("sps", 600, fc.oneof(random, mutated(sets)), (nal) => {
    throwsOnly(() => {
      const { width, height, framesPerSecond } = parseSps(nal);
      for (const side of [width, height])
        must(Number.isInteger(side) && side > 0 && side <= 16_384, `a side of ${side}`);
      must(framesPerSecond === undefined || (framesPerSecond > 0 && framesPerSecond <= 1000), `${framesPerSecond} fps`);
    }, SpsError);
  });
}

function nalTarget(packets: readonly Buffer[]): FuzzTarget {
  const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 0x65), { maxLength: 300 }).map((list) => Buffer.from(list));
  return fuzzTarget("nal", 400, fc.oneof(zeros, mutated(packets)), async (bytes) => {
    await allocatesAtMost({ largest: bytes.length, total: 2 * bytes.length }, () => {
      const nals = splitAnnexB(bytes);
      must(nals.reduce((sum, nal) => sum + nal.length + 3, 0) <= bytes.length, "NAL units hold more than came");
      for (const nal of nals) must(nal.length > 0 && nal.indexOf("\0\0\x01") === -1, "a start code within a NAL unit");
      const payload = removeEmulationPrevention(bytes);
      must(payload.length <= bytes.length && payload.length >= bytes.length * (2 / 3) - 1, "too much was removed");
    });
  });
}

function mutated(samples: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...samples), fc.constantFrom(...samples), mutationLists(4))
    .map(([bytes, other, mutations]) => mutate({ ...payloadSource(bytes), other }, mutations).bytes);
}

/** Headers are the RTP header and the payload's, after which STAP-A has its first length. */
function payloadSource(packet: Buffer) {
  return { ...plainSource(packet), headers: [0, RTP_HEADER_BYTES], lengthAt: 1 };
}

function packetsOf(session: Session, isWanted: (piece: Session["pieces"][0]) => boolean): Buffer[] {
  return session.pieces
    .filter((piece) => piece.channel !== undefined && isWanted(piece))
    .map(({ start, end }) => session.bytes.subarray(start + PACKET_HEADER_BYTES, end));
}

/** The sequence parameter sets in a session's description. */
function parameterSetsOf(session: Session): Buffer[] {
  const found = /sprop-parameter-sets=([^,;\s]+)/.exec(session.bytes.toString("latin1"))?.[1];
  return found === undefined ? [] : [Buffer.from(found, "base64")];
}
