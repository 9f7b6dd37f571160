import { describe, expect, test } from "vitest";
import {
  annexB,
  DELIMITER,
  PPS,
  packetize,
  type SentPacket,
  type SentUnit,
  SPS,
  slice,
} from "../../testing/h264-stream.ts";
import { Receiver } from "../../testing/rtp-receiver.ts";
import { ParameterSets } from "./parameter-sets.ts";

const TICKS = 3600;

/** Picture number `n` of the stream, with `slices` slices. */
function picture(n: number, slices = 1, isKeyframe = n === 0, size = 300): SentUnit {
  const nals = Array.from({ length: slices }, (_, part) => slice(size, n * 8 + part + 1, isKeyframe, part === 0));
  return { nals: isKeyframe ? [SPS, PPS, ...nals] : nals, timestamp: n * TICKS, isKeyframe };
}

/** Consecutive packets with the given payloads, the last of a picture marked. */
function packets(...sent: { hex: string | Buffer; timestamp: number; marker?: boolean }[]): SentPacket[] {
  const [model] = packetize([picture(0)], 1000, false) as [SentPacket];
  return sent.map(({ hex, timestamp, marker = false }, index) => ({
    unit: 0,
    isPrefix: false,
    payload: typeof hex === "string" ? Buffer.from(hex, "hex") : hex,
    header: { ...model.header, timestamp, marker, sequenceNumber: 100 + index },
  }));
}

/** Renumbers packets in their order. */
function renumber(all: SentPacket[]): SentPacket[] {
  return all.map((packet, index) => ({ ...packet, header: { ...packet.header, sequenceNumber: index } }));
}

const blocks = (units: SentUnit[]) => units.map(({ nals }) => annexB(nals));
const bytesOf = (receiver: Receiver) => receiver.kept.map(({ bytes }) => bytes);

/** Sets the marker as some cameras do: on the last packet of each NAL unit, or on every packet. */
function marked(units: SentUnit[], mtu: number, habit: "every slice" | "every packet"): SentPacket[] {
  return packetize(units, mtu, false).map((packet) => {
    const endsNal = ((packet.payload[0] as number) & 31) !== 28 || ((packet.payload[1] as number) & 0x40) !== 0;
    return { ...packet, header: { ...packet.header, marker: habit === "every packet" || endsNal } };
  });
}

describe("start codes within NAL units", () => {
  const idr = slice(900, 7, true, true);
  const inOne = Buffer.concat([SPS, Buffer.from("0000000001", "hex"), PPS, Buffer.from("000001", "hex"), idr]);
  const unit: SentUnit = { nals: [inOne], timestamp: 0, isKeyframe: true };

  for (const mtu of [2000, 400, 31, 30, 29, 28, 27, 26]) {
    test(`V380 (retina #68, #108): SPS, PPS and IDR slice in one NAL unit are parted, in packets of ${mtu} bytes`, () => {
      const receiver = new Receiver(new ParameterSets());
      receiver.all(packetize([unit, picture(1)], mtu, false));
      expect(bytesOf(receiver)).toEqual(blocks([{ ...unit, nals: [SPS, PPS, idr] }, picture(1)]));
      expect(receiver.kept[0]?.isKeyframe).toBe(true);
    });
  }

  test("V380: its sets are remembered, for keyframes that come without", () => {
    const bare = { nals: [slice(50, 3, true, true)], timestamp: 9000, isKeyframe: true };
    const receiver = new Receiver(new ParameterSets());
    receiver.all(packetize([unit, bare], 400, false));
    expect(receiver.kept[1]?.bytes).toEqual(annexB([SPS, PPS, ...bare.nals]));
  });

  test("once seen, slices are looked into as well", () => {
    const two = [slice(50, 3, false, true), slice(50, 4, false, false)] as [Buffer, Buffer];
    const joined = Buffer.concat([two[0], Buffer.from("000001", "hex"), two[1]]);
    const receiver = new Receiver();
    receiver.all(packetize([unit, { nals: [joined], timestamp: 9000, isKeyframe: false }], 400, false));
    expect(receiver.kept[1]?.bytes).toEqual(annexB(two));
  });

  test("slices of one picture that come joined are parted, also of a camera whose parameter sets come apart", () => {
    const three = [0, 1, 2].map((part) => slice(200, 5 + part, true, part === 0));
    const joined = Buffer.concat(three.flatMap((nal, i) => (i === 0 ? [nal] : [Buffer.from("000001", "hex"), nal])));
    const late = [slice(50, 3, false, true), slice(50, 4, false, false)] as [Buffer, Buffer];
    const receiver = new Receiver();
    const quiet = Array.from({ length: 40 }, (_, n) => picture(n + 1, 2, false, 50));
    const last = {
      nals: [Buffer.concat([late[0], Buffer.from("000001", "hex"), late[1]])],
      timestamp: 900_000,
      isKeyframe: false,
    };
    receiver.all(packetize([{ nals: [SPS, PPS, joined], timestamp: 0, isKeyframe: true }, ...quiet, last], 400, false));
    expect(receiver.kept[0]?.bytes).toEqual(annexB([SPS, PPS, ...three]));
    expect(receiver.kept.at(-1)?.bytes).toEqual(annexB(late));
  });

  test("gortsplib's Annex B mode: a payload that begins with a start code is parted", () => {
    const payload = annexB([DELIMITER, SPS, PPS, idr]);
    const receiver = new Receiver(new ParameterSets());
    receiver.all(packets({ hex: payload, timestamp: 5, marker: true }));
    expect(bytesOf(receiver)).toEqual([payload]);
  });

  /**
   * A signature (ONVIF Media Signing, gortsplib #1156) or vendor data without emulation prevention: it contains an IDR
   * slice.
   */
  const payload = Buffer.from(`${"a5".repeat(16)}000000016588ffff0000016800018000016588aabbcc`, "hex");
  const sei = Buffer.concat([Buffer.from([6, 5, payload.length]), payload, Buffer.from([0x80])]);

  test.each([
    ["SEI in a packet of its own", 1000, false],
    ["SEI in STAP-A", 1000, true],
    ["SEI in FU-A of 20 bytes", 20, false],
    ["SEI in FU-A that are cut within its start codes", 26, false],
  ])("%s: start codes in it make no keyframe of a picture that is none, whatever the camera is known for", (...way) => {
    const [, mtu, aggregates] = way;
    const signed = [1, 2].map((n) => ({ ...picture(n), nals: [sei, ...picture(n).nals] }));
    for (const first of [picture(0), unit]) {
      const receiver = new Receiver(new ParameterSets());
      receiver.all(packetize([first, ...signed], mtu, aggregates));
      expect(receiver.kept.map(({ isKeyframe }) => isKeyframe)).toEqual([true, false, false]);
      expect(bytesOf(receiver).slice(1)).toEqual(blocks(signed));
    }
  });

  test("SEI that is joined with what follows by start codes is parted where its messages end", () => {
    const joined = (nals: Buffer[]) => annexB(nals).subarray(4);
    const signed = { nals: [joined([SPS, PPS, sei, slice(90, 4, true, true)])], timestamp: 9000, isKeyframe: true };
    const next = { nals: [joined([sei, slice(90, 5, false, true)])], timestamp: 18_000, isKeyframe: false };
    const receiver = new Receiver(new ParameterSets());
    receiver.all(packetize([signed, next], 400, false));
    expect(receiver.kept.map(({ isKeyframe }) => isKeyframe)).toEqual([true, false]);
    expect(receiver.kept[1]?.bytes).toEqual(annexB([sei, slice(90, 5, false, true)]));
    expect(receiver.kept[0]?.bytes).toEqual(annexB([SPS, PPS, sei, slice(90, 4, true, true)]));
  });
});

describe("the marker bit", () => {
  for (const habit of ["every slice", "every packet"] as const) {
    for (const flushEvery of [1000, 40]) {
      test(`set on ${habit} (obs-rtspserver #199, smolrtsp #43): a picture is one unit, taken every ${flushEvery}`, () => {
        const units = Array.from({ length: 12 }, (_, n) => picture(n, 4, n % 5 === 0));
        const receiver = new Receiver();
        receiver.all(marked(units, 200, habit).slice(0), flushEvery);
        expect(bytesOf(receiver)).toEqual(blocks(units.slice(0, -1)));
        receiver.end();
        expect(bytesOf(receiver)).toEqual(blocks(units));
        expect(receiver.told).toBe(units.length);
        expect(receiver.depacketizer.counters).toMatchObject({ damagedFrames: 0, badPackets: 0 });
      });
    }
  }

  test("set on every slice: of the unit that was on its way to the disk the rest is left out and counted, once", () => {
    const units = [picture(0), ...[1, 2, 3].map((n) => picture(n, 3))];
    const receiver = new Receiver();
    const sent = marked(units, 1000, "every slice");
    receiver.all(sent, 1);
    receiver.end();
    const cut = { ...(units[1] as SentUnit), nals: (units[1] as SentUnit).nals.slice(0, 1) };
    expect(bytesOf(receiver)).toEqual(blocks([picture(0), cut, ...units.slice(2)]));
    expect(receiver.depacketizer.counters.damagedFrames).toBe(1);
  });

  test("set on every slice: a lost slice drops its picture, whether the habit was known or not", () => {
    const units = [0, 1, 2, 3].map((n) => picture(n, 3, n !== 1 && n !== 3));
    for (const lost of [1, 2]) {
      for (const unit of [0, 2]) {
        const sent = marked(units, 1000, "every slice");
        const own = sent.filter((packet) => packet.unit === unit);
        const gone = own[own.length - 3 + lost];
        if (lost === 2 && unit === 0) continue; // nothing shows yet that another slice was to come
        const receiver = new Receiver();
        receiver.all(
          sent.filter((packet) => packet !== gone),
          1000,
        );
        receiver.end();
        const first = unit === 0 ? 2 : 0; // nothing before a whole keyframe
        const expected = units.filter((_, n) => n !== unit && n >= first);
        expect(bytesOf(receiver), `${unit} ${lost}`).toEqual(blocks(expected));
      }
    }
  });

  test("set on the last packet only: frames do not wait for the next", () => {
    const receiver = new Receiver();
    for (const [n, unit] of [0, 1, 2, 3].map((n) => picture(n, 3)).entries()) {
      for (const packet of packetize([unit], 200, false)) {
        receiver.depacketizer.take(packet.payload, {
          ...packet.header,
          payloadStart: 0,
          payloadEnd: packet.payload.length,
        });
      }
      expect(receiver.told).toBe(n + 1);
    }
  });

  test("two pictures of one timestamp, each marked (field pairs, clocks that stand still), are two units", () => {
    for (const knowsHabit of [false, true]) {
      const pair = [picture(3), { ...picture(4), timestamp: 3 * TICKS }, picture(5)];
      const before = [picture(0), picture(1, knowsHabit ? 2 : 1)];
      const receiver = new Receiver();
      receiver.all(renumber(marked([...before, ...pair], 200, "every slice")), 1000);
      receiver.end();
      expect(bytesOf(receiver)).toEqual(blocks([...before, ...pair]));
      expect(receiver.told).toBe(5);
    }
  });

  test("Reolink RLC-822A (retina #13): sets marked, and with the timestamp of the picture before", () => {
    const sent = packets(
      { hex: SPS, timestamp: 10, marker: true },
      { hex: PPS, timestamp: 10 },
      { hex: slice(50, 1, true, true), timestamp: 20, marker: true },
      { hex: slice(50, 2, false, true), timestamp: 30, marker: true },
      { hex: SPS, timestamp: 30, marker: true },
      { hex: PPS, timestamp: 30 },
      { hex: slice(50, 3, true, true), timestamp: 40, marker: true },
    );
    const receiver = new Receiver(new ParameterSets());
    receiver.all(sent);
    expect(bytesOf(receiver)).toEqual([
      annexB([SPS, PPS, slice(50, 1, true, true)]),
      annexB([slice(50, 2, false, true)]),
      annexB([SPS, PPS, slice(50, 3, true, true)]),
    ]);
    expect(receiver.depacketizer.counters).toMatchObject({ damagedFrames: 0, framesBeforeKeyframe: 0 });
  });

  test("never set: the last picture of a session is kept when it has as many slices as the one before", () => {
    const units = [0, 1, 2].map((n) => picture(n, 3));
    const sent = packetize(units, 200, false, { setsMarker: false });
    const whole = new Receiver();
    whole.all(sent);
    expect(whole.end().map(({ bytes }) => bytes)).toEqual(blocks(units));
    for (const missing of [1, 2, 3, 5]) {
      const short = new Receiver();
      short.all(sent.slice(0, -missing));
      expect(short.end().map(({ bytes }) => bytes)).toEqual(blocks(units.slice(0, 2)));
      expect(short.depacketizer.counters.damagedFrames).toBe(1);
    }
  });

  test("set: a picture that the end of the session cuts off is left out and counted", () => {
    const units = [0, 1].map((n) => picture(n, 2));
    const receiver = new Receiver();
    receiver.all(packetize(units, 1000, false).slice(0, -1));
    expect(receiver.end().map(({ bytes }) => bytes)).toEqual(blocks(units.slice(0, 1)));
    expect(receiver.depacketizer.counters.damagedFrames).toBe(1);
  });
});

describe("payloads past the letter of RFC 6184", () => {
  test("CostarHD (gortsplib #649), OpenIPC (retina #131): FU-A with start and end bit is a whole NAL unit", () => {
    const nal = slice(60, 5, false, true);
    const fu = Buffer.concat([Buffer.from([0x5c, 0xc1]), nal.subarray(1)]);
    const receiver = new Receiver();
    receiver.all([...packetize([picture(0)], 1000, false), ...packets({ hex: fu, timestamp: TICKS, marker: true })]);
    expect(receiver.kept[1]?.bytes).toEqual(annexB([nal]));
  });

  test("fragments of no bytes are no harm; a NAL unit of nothing else is", () => {
    const key = [0x7c85, 0x7c05, 0x7c05, 0x7c45].map((header, n) =>
      Buffer.concat([Buffer.from([header >> 8, header & 255]), Buffer.alloc(n % 2 === 1 ? 0 : 20, 0x88)]),
    ) as [Buffer, Buffer, Buffer, Buffer];
    const receiver = new Receiver();
    receiver.all(
      packets(
        { hex: key[0], timestamp: 1 },
        { hex: key[1], timestamp: 1 },
        { hex: key[2], timestamp: 1 },
        { hex: key[3], timestamp: 1, marker: true },
        { hex: "5cc1", timestamp: 2, marker: true },
      ),
    );
    expect(bytesOf(receiver)).toEqual([
      annexB([SPS, PPS, Buffer.concat([Buffer.from([0x65]), Buffer.alloc(40, 0x88)])]),
    ]);
    expect(receiver.depacketizer.counters).toMatchObject({ damagedFrames: 1, badPackets: 1 });
  });

  test("OvenMediaEngine #2032: sets that come in FU-A are remembered", () => {
    const bare = { nals: [slice(50, 2, true, true)], timestamp: 9000, isKeyframe: true };
    const receiver = new Receiver(new ParameterSets());
    receiver.all([...packetize([picture(0, 1, true, 30), bare], 12, false)]);
    expect(receiver.kept[1]?.bytes).toEqual(annexB([SPS, PPS, ...bare.nals]));
  });

  test("VStarcam (retina #15): zero bytes behind NAL units are none of theirs, in the stream and in the SDP", () => {
    const zeros = (nal: Buffer) => Buffer.concat([nal, Buffer.alloc(3)]);
    const key = picture(0);
    const sets = new ParameterSets([zeros(SPS), zeros(PPS)]);
    expect([...sets.sequence, ...sets.picture]).toEqual([SPS, PPS]);
    const bare = { ...picture(2), nals: [zeros(slice(90, 1, true, true))], isKeyframe: true };
    const receiver = new Receiver(sets);
    receiver.all(packetize([{ ...key, nals: key.nals.map(zeros) }, bare], 120, false));
    expect(bytesOf(receiver)).toEqual([annexB(key.nals), annexB([SPS, PPS, slice(90, 1, true, true)])]);
    expect(sets.version).toBe(2);
  });

  test("interleaved mode and reserved types are counted, apart from one another, and damage their pictures alone", () => {
    const counted = { "19": 1, "1a": 1, "1b": 1, "1d": 1, "1e": 0, "1f": 0, "00": 0 };
    for (const [type, interleaved] of Object.entries(counted)) {
      const receiver = new Receiver();
      const key = packetize([picture(0)], 1000, false);
      const rest = packets(
        { hex: `${type}ff018888`, timestamp: 5, marker: true },
        { hex: slice(9, 1, false, true), timestamp: 6, marker: true },
      );
      receiver.all(renumber([...key, ...rest]));
      expect(receiver.kept.map(({ timestamp }) => timestamp)).toEqual([0, 6]);
      expect(receiver.depacketizer.counters, type).toMatchObject({ badPackets: 1, damagedFrames: 1 });
      expect(receiver.pictures.interleavedPackets, type).toBe(interleaved);
    }
  });

  test("packets within packets (FU-A in STAP-A, STAP-A in FU-A) are refused", () => {
    for (const hex of ["78000c5c8188888888888888888888", "5cd8000488888888"]) {
      const receiver = new Receiver();
      receiver.all(
        renumber([...packetize([picture(0)], 1000, false), ...packets({ hex, timestamp: 5, marker: true })]),
      );
      expect(receiver.kept.length).toBe(1);
      expect(receiver.depacketizer.counters).toMatchObject({ badPackets: 1, damagedFrames: 1 });
    }
  });
});

test("the first slice decides whether a picture is a keyframe, as it does for readers of the chunk", () => {
  const receiver = new Receiver();
  const first = { nals: [slice(90, 1, true, true), slice(90, 2, false, false)], timestamp: 0, isKeyframe: true };
  const second = { nals: [slice(90, 3, false, true), slice(90, 4, true, false)], timestamp: 9000, isKeyframe: false };
  expect(receiver.all(packetize([first, second], 400, false)).map(({ isKeyframe }) => isKeyframe)).toEqual([
    true,
    false,
  ]);
});

test("an aggregate with several NAL units that are none is one bad packet", () => {
  const receiver = new Receiver();
  receiver.all(packets({ hex: "18000300000100030000010003000001", timestamp: 0, marker: true }));
  expect(receiver.depacketizer.counters).toMatchObject({ badPackets: 1, damagedFrames: 1 });
});

describe("parameter sets in mid-stream", () => {
  // The same picture size in macroblocks as SPS, with another level, and with seq_parameter_set_id 1.
  const otherSps = Buffer.from("6742c028d9005005bb011000000300100000030300f1832480", "hex");
  const secondSps = Buffer.from("6742c01f5b2000a00b760220000003002000000303c1e3064901", "hex");
  const secondPps = Buffer.from("6844cb83cb20", "hex");
  const bare = (n: number): SentUnit => ({ nals: [slice(40, n, true, true)], timestamp: n * TICKS, isKeyframe: true });

  test("a set that changed in band is used from then on, also when its own picture was damaged", () => {
    const changed = { nals: [otherSps, PPS, slice(4000, 2, true, true)], timestamp: TICKS, isKeyframe: true };
    const sent = packetize([picture(0), changed, bare(2)], 500, false);
    const receiver = new Receiver();
    receiver.all(sent.filter((_, index) => index !== sent.length - 3));
    expect(bytesOf(receiver)).toEqual([...blocks([picture(0)]), annexB([otherSps, PPS, ...bare(2).nals])]);
  });

  test("sets behind a packet that makes no sense, in one unit with it, are remembered", () => {
    const receiver = new Receiver();
    receiver.all(
      packets(
        { hex: "1fffff", timestamp: 10 },
        { hex: otherSps, timestamp: 10 },
        { hex: bare(1).nals[0] as Buffer, timestamp: 20, marker: true },
      ),
    );
    expect(bytesOf(receiver)).toEqual([annexB([otherSps, PPS, ...bare(1).nals])]);
  });

  test("several ids: all sets in force go before a keyframe that comes without, those of the SDP too", () => {
    const receiver = new Receiver(new ParameterSets([SPS, PPS]));
    const second = { nals: [secondSps, secondPps, slice(40, 1, true, true)], timestamp: TICKS, isKeyframe: true };
    receiver.all(packetize([second, bare(2)], 500, true));
    expect(receiver.kept[1]?.bytes).toEqual(annexB([SPS, secondSps, PPS, secondPps, ...bare(2).nals]));
  });
});

describe("streams without IDR pictures", () => {
  test("intra refresh, open GOPs: recovery points are counted, and no frame is kept", () => {
    const recovery = Buffer.from("06060184c080", "hex");
    const units = [1, 2, 3].map((n) => ({ ...picture(n), nals: [recovery, ...picture(n).nals] }));
    const receiver = new Receiver();
    expect(receiver.all(packetize(units, 1000, true))).toEqual([]);
    expect(receiver.pictures.recoveryPoints).toBe(3);
    expect(receiver.depacketizer.counters).toMatchObject({ framesBeforeKeyframe: 3, damagedFrames: 0 });
  });
});

describe("sequence numbers", () => {
  const units = Array.from({ length: 60 }, (_, n) => picture(n, 1, n % 4 === 0));

  test("a count begun anew a few packets back costs the unit that was under way, not 100 packets", () => {
    for (const back of [1, 2, 30, 60, 100]) {
      const sent = renumber(packetize(units, 200, false));
      const from = sent.findIndex(({ unit }) => unit === 52); // a keyframe; more than 100 packets are before it
      for (const { header } of sent.slice(from)) header.sequenceNumber = (header.sequenceNumber - back) & 0xffff;
      const receiver = new Receiver();
      receiver.all(sent);
      expect(bytesOf(receiver), `${back}`).toEqual(blocks(units));
    }
  });

  test("packets that come again, singly or in runs, double no frame and damage none", () => {
    const sent = packetize(units, 200, false);
    const doubled = sent.flatMap((packet, n) =>
      n % 9 === 8 ? [packet, ...sent.slice(n - 8, n + 1)] : [packet, packet],
    );
    const receiver = new Receiver();
    receiver.all(doubled);
    expect(bytesOf(receiver)).toEqual(blocks(units));
  });
});
