import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAnswer, parseTransport, type RtspInput, RtspReader, RtspSyntaxError } from "./rtsp-message.ts";

const STREAM = Buffer.concat([
  Buffer.from("DESCRIBE rtsp://h/cam RTSP/1.0\r\nCSeq: 1\r\naccept: application/sdp\r\n\r\n"),
  Buffer.from([0x24, 1, 0, 3, 7, 8, 9]),
  Buffer.from("\r\nSET_PARAMETER rtsp://h/cam RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nhello"),
]);

test("messages come out the same however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 6 }), (cuts) => {
      const reader = new RtspReader();
      const inputs: RtspInput[] = [];
      const edges = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
      for (let i = 1; i < edges.length; i++) inputs.push(...reader.push(STREAM.subarray(edges[i - 1], edges[i])));
      expect(inputs).toMatchObject([
        { kind: "request", request: { method: "DESCRIBE", uri: "rtsp://h/cam" } },
        { kind: "interleaved", channel: 1, data: Buffer.from([7, 8, 9]) },
        { kind: "request", request: { method: "SET_PARAMETER", body: Buffer.from("hello") } },
      ]);
    }),
  );
});

test("bytes that are no RTSP are refused, never more", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(STREAM.length), (noise, at) => {
      const bytes = Buffer.concat([STREAM.subarray(0, at), noise, STREAM.subarray(at)]);
      try {
        new RtspReader().push(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RtspSyntaxError);
      }
    }),
  );
  expect(() => new RtspReader().push(Buffer.alloc(64 * 1024, "a"))).toThrow(RtspSyntaxError);
});

test("a Transport header's choices are read in order", () => {
  expect(parseTransport("RTP/AVP;unicast;client_port=4000-4001, RTP/AVP/TCP;interleaved=2-3,RAW")).toEqual([
    { protocol: "udp", multicast: false, clientPorts: [4000, 4001] },
    { protocol: "tcp", multicast: false, interleaved: [2, 3] },
  ]);
});

test("an answer can be written in a camera's odd way", () => {
  const style = { headerCase: "lower", bareLineFeeds: true, trailingSpaces: true } as const;
  const answer = formatAnswer({ status: 200, headers: [["CSeq", "3"]], body: "x" }, style).toString();
  expect(answer).toBe("RTSP/1.0 200 OK\ncseq: 3  \ncontent-length: 1  \n\nx");
});
