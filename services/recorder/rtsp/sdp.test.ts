import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { H264Format } from "../codec/h264/h264-rtp-codec.ts";
import { CameraRefusedError } from "../errors/camera-error.ts";
import { findVideoTrack } from "./sdp.ts";

const SPS = Buffer.from("Z2QAKK2EAQwgCGEAQwgCGEAQwgCEO1A8ARPyzcBAQFAAAD6AAAnECEA=", "base64");
const PPS = Buffer.from("aO48sA==", "base64");
const SPROP = `${SPS.toString("base64")},${PPS.toString("base64")}`;

function sdp(...lines: string[]): string {
  return ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=Media", "t=0 0", ...lines, ""].join("\r\n");
}

/** The track that is found, with what its codec has read of its parameters. */
function trackOf(text: string) {
  const { format, ...track } = findVideoTrack(text);
  if (!(format instanceof H264Format)) throw new Error("not a track of H.264");
  return { ...track, clockRate: format.clockRate, parameterSets: format.parameterSets };
}

describe("findVideoTrack (RFC 4566) reads the session descriptions", () => {
  test("of Hikvision: absolute controls with queries, an extra metadata track", () => {
    const track = trackOf(
      sdp(
        "a=control:rtsp://192.0.2.1:554/Streaming/Channels/101/?transportmode=unicast",
        "m=video 0 RTP/AVP 96",
        "b=AS:5000",
        "a=recvonly",
        "a=x-dimensions:1920,1080",
        "a=control:rtsp://192.0.2.1:554/Streaming/Channels/101/trackID=1?transportmode=unicast",
        "a=rtpmap:96 H264/90000",
        `a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=${SPROP}`,
        "a=Media_header:MEDIAINFO=494D4B48010200000400000100000000000000000000000000000000000000000000000000000000;",
        "m=application 0 RTP/AVP 107",
        "a=control:rtsp://192.0.2.1:554/Streaming/Channels/101/trackID=3",
        "a=rtpmap:107 vnd.onvif.metadata/90000",
      ),
    );
    expect(track).toEqual({
      payloadType: 96,
      clockRate: 90_000,
      control: "rtsp://192.0.2.1:554/Streaming/Channels/101/trackID=1?transportmode=unicast",
      presentationControl: "rtsp://192.0.2.1:554/Streaming/Channels/101/?transportmode=unicast",
      parameterSets: [SPS, PPS],
    });
  });

  test("of Dahua: audio first, trailing spaces, values with spaces", () => {
    const track = trackOf(
      sdp(
        "a=control:* ",
        "a=packetization-supported:DH ",
        "m=audio 0 RTP/AVP 97",
        "a=control:trackID=1",
        "a=rtpmap:97 MPEG4-GENERIC/48000",
        "m=video 0 RTP/AVP 98  ",
        "a=control:trackID=0 ",
        "a=framerate:25.000000",
        "a=rtpmap:98 H264/90000 ",
        `a=fmtp:98 packetization-mode=1;profile-level-id=640028;sprop-parameter-sets=${SPROP}  `,
      ),
    );
    expect(track).toMatchObject({
      payloadType: 98,
      control: "trackID=0",
      presentationControl: "*",
      parameterSets: [SPS, PPS],
    });
  });

  test("of Axis: the control of the session behind the attributes, several blanks in fmtp", () => {
    const track = trackOf(
      sdp(
        "a=range:npt=now-",
        "a=control:rtsp://192.0.2.1/axis-media/media.amp?videocodec=h264",
        "m=video 0 RTP/AVP 96",
        "a=rtpmap:96 H264/90000",
        `a=fmtp:96 packetization-mode=1;  profile-level-id=4D0029 ; sprop-parameter-sets = ${SPROP}`,
        "a=control:rtsp://192.0.2.1/axis-media/media.amp/stream=0?videocodec=h264",
      ),
    );
    expect(track.control).toBe("rtsp://192.0.2.1/axis-media/media.amp/stream=0?videocodec=h264");
    expect(track.parameterSets).toEqual([SPS, PPS]);
  });

  test("of Reolink: bare LF, a codec name in lower case, no fmtp, a number as control", () => {
    const text = sdp("a=control:*", "m=video 0 RTP/AVP 96", "a=rtpmap:96 h264/90000", "a=control:1").replaceAll(
      "\r\n",
      "\n",
    );
    expect(trackOf(text)).toMatchObject({ payloadType: 96, control: "1", parameterSets: [] });
  });

  test("of Ubiquiti: audio in two codecs before the video, none of the session's control", () => {
    const track = trackOf(
      sdp(
        "m=audio 0 RTP/AVP 97",
        "a=rtpmap:97 mpeg4-generic/16000/1",
        "a=control:track1",
        "m=audio 0 RTP/AVP 0",
        "a=control:track3",
        "m=video 0 RTP/AVP 99",
        "a=rtpmap:99 H264/90000",
        "a=control:track2",
      ),
    );
    expect(track).toMatchObject({ payloadType: 99, control: "track2", presentationControl: undefined });
  });

  test("of GStreamer and live555: tracks by stream=0 and track1", () => {
    const of = (control: string) =>
      trackOf(sdp("a=control:*", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", `a=control:${control}`));
    expect(of("stream=0").control).toBe("stream=0");
    expect(of("track1").control).toBe("track1");
  });

  test("with H.264 as the second of two formats, or on the second of two video tracks", () => {
    const both = sdp("m=video 0 RTP/AVP 26 96", "a=rtpmap:26 JPEG/90000", "a=rtpmap:96 H264/90000", "a=control:a");
    expect(trackOf(both)).toMatchObject({ payloadType: 96, control: "a" });
    const second = sdp(
      "m=video 0 RTP/AVP 98",
      "a=rtpmap:98 H265/90000",
      "m=video 0 RTP/AVP 96",
      "a=rtpmap:96 H264/90000",
      "a=control:b",
    );
    expect(trackOf(second)).toMatchObject({ payloadType: 96, control: "b" });
  });

  test("whose parameter sets carry a start code of their own", () => {
    const withStartCode = [SPS, PPS].map((nal) => Buffer.concat([Buffer.from([0, 0, 0, 1]), nal]).toString("base64"));
    const text = sdp(
      "m=video 0 RTP/AVP 96",
      "a=rtpmap:96 H264/90000",
      `a=fmtp:96 sprop-parameter-sets=${withStartCode.join(",")}`,
    );
    expect(trackOf(text).parameterSets).toEqual([SPS, PPS]);
  });

  test("with a format that has no rtpmap, but the parameters of H.264", () => {
    const text = sdp(
      "m=video 0 RTP/AVP 96",
      `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${SPROP}`,
      "a=control:a",
    );
    expect(trackOf(text)).toMatchObject({ payloadType: 96, control: "a", parameterSets: [SPS, PPS] });
  });

  test("of moonfire-nvr #213: rtpmap with a blank behind, doubled framerate, start codes in the parameter sets", () => {
    const track = trackOf(
      sdp(
        "a=control:*",
        "a=range:npt=0-",
        "m=video 0 RTP/AVP 96",
        "a=rtpmap:96 H264/90000 ",
        "a=range:npt=0-",
        "a=framerate:0S",
        "a=fmtp:96 packetization-mode=1;profile-level-id=000001;sprop-parameter-sets=AAAAAUdNAB+ZsBQBboQAAA+gAAF3AhA=,AAAAAUjqQ8g=",
        "a=framesize:96 1280-720",
        "a=control:trackID=1",
      ),
    );
    expect(track.control).toBe("trackID=1");
    expect(track.parameterSets.map((nal) => nal[0])).toEqual([0x47, 0x48]);
  });

  test("of VStarcam (retina #42): what is no parameter set is left out", () => {
    const text = sdp(
      "m=video 0 RTP/AVP 96",
      "a=rtpmap:96 H264/90000",
      `a=fmtp:96 sprop-parameter-sets=6f8=,${SPROP},6Q==`,
    );
    expect(trackOf(text).parameterSets).toEqual([SPS, PPS]);
  });

  test("of the macro-video server (retina #68) and libcamera (retina #103): odd parameters, a last semicolon", () => {
    const text = sdp(
      "m=video 0 RTP/AVP 96",
      "a=rtpmap:96 H264/90000",
      `a=fmtp:96 profile-level-id=TQAf;packetization-mode=1;sprop-parameter-sets=${SPROP};`,
    );
    expect(trackOf(text).parameterSets).toEqual([SPS, PPS]);
  });

  test.each([
    ["mediamtx #2555", "o=- 1698143674.978737 1 IN IP4 192.0.2.1"],
    ["mediamtx #2708 (Y-cam, AXIS 221)", "o=- -8959200248001175080 1 IN IP4 192.0.2.1"],
    ["mediamtx #2762", "o=Channel1 3910280086 3910366486 IN IP4"],
    ["mediamtx #2128", "o=- 1 1 IN IPV4 192.0.2.1"],
    ["mediamtx #5033 (Uniview)", "c=IN "],
    ["mediamtx #120", "c="],
    ["moonfire-nvr #187, no origin", ""],
    ["no text at all", "garbage"],
    ["a name without end", "a="],
    ["NUL", "\0\0"],
  ])("with a broken line: %s", (_, line) => {
    const text = ["v=0", line, "m=video 0 RTP/AVP 96", line, "a=rtpmap:96 H264/90000", "a=control:a", line].join(
      "\r\n",
    );
    expect(trackOf(text)).toMatchObject({ payloadType: 96, control: "a" });
  });

  test("with a clock rate that is none as the 90 kHz of RFC 6184 §8.2.1", () => {
    for (const map of ["H264", "H264/0", "H264/1", "H264/90000", "H264/99999999999999999999"]) {
      expect(trackOf(sdp("m=video 0 RTP/AVP 96", `a=rtpmap:96 ${map}`)).clockRate).toBe(90_000);
    }
  });
});

describe("findVideoTrack refuses, and says why,", () => {
  test.each([
    ["no video", sdp("m=audio 0 RTP/AVP 0"), /no video track/],
    ["an empty description", "", /no video track/],
    ["H.265 only", sdp("m=video 0 RTP/AVP 98", "a=rtpmap:98 H265/90000"), /H265; only H\.264/],
    ["a codec named by a number", sdp("m=video 0 RTP/AVP 98", "a=rtpmap:98 264/90000"), /264; only H\.264/],
    ["a codec without a name", sdp("m=video 0 RTP/AVP 99"), /unknown codec/],
    ["a static type without rtpmap (RFC 3551 §6)", sdp("m=video 0 RTP/AVP 26"), /JPEG; only H\.264/],
    [
      "packetization-mode=2 (RFC 6184 §6.4)",
      sdp("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=2"),
      /packetization-mode 2/,
    ],
  ])("%s", (_, text, reason) => {
    expect(() => trackOf(text)).toThrow(CameraRefusedError);
    expect(() => trackOf(text)).toThrow(reason);
  });

  test("a track in interleaved mode harms none that is recordable", () => {
    const text = sdp(
      "m=video 0 RTP/AVP 96",
      "a=rtpmap:96 H264/90000",
      "a=fmtp:96 packetization-mode=2",
      "m=video 0 RTP/AVP 97",
      "a=rtpmap:97 H264/90000",
      "a=fmtp:97 packetization-mode=1",
    );
    expect(trackOf(text).payloadType).toBe(97);
  });

  test("anything else: a track or a CameraRefusedError, whatever comes", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "m=video 0 RTP/AVP 96",
        "m=audio 1 RTP/AVP 0",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 1",
        "a=control:7",
      ),
      fc
        .tuple(fc.constantFrom("a=rtpmap:", "a=fmtp:", "a=control:", "m=", "a="), fc.string())
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        try {
          expect(trackOf(lines.join("\r\n")).clockRate).toBe(90_000);
        } catch (error) {
          expect(error).toBeInstanceOf(CameraRefusedError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a hostile line of 250 kB, before any regular expression is matched to it", () => {
    for (const line of [`a=x:${" ".repeat(250_000)}y`, `a=candidate:${"1 ".repeat(125_000)}`, "\r".repeat(250_000)]) {
      expect(() => trackOf(sdp(line))).toThrow(CameraRefusedError);
    }
  });
});
