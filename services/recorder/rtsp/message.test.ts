import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  contentLength,
  formatRequest,
  headEnd,
  header,
  parseHead,
  parseSession,
  parseTransportPair,
  type RtspResponse,
  RtspSyntaxError,
} from "./message.ts";

function response(text: string): RtspResponse {
  const message = parseHead(text);
  if (message.kind !== "response") throw new Error("a request");
  return message;
}

describe("parseHead (RFC 2326 §6, §7, §12)", () => {
  test("header names are told in any case, values without the blanks around them", () => {
    const message = response("RTSP/1.0 200 OK\r\ncSEQ:  7 \r\nCONTENT-base :\trtsp://h/a/\t\r\nEmpty:\r\n\r\n");
    expect(message).toMatchObject({ status: 200, reason: "OK" });
    expect(header(message, "cseq")).toBe("7");
    expect(header(message, "content-base")).toBe("rtsp://h/a/");
    expect(header(message, "empty")).toBe("");
    expect(header(message, "session")).toBeUndefined();
  });

  test("bare LF, and a mixture, are taken for line ends", () => {
    const message = response("RTSP/1.0 200 OK\nCSeq: 1\r\nSession: 5\n\n");
    expect(header(message, "cseq")).toBe("1");
    expect(header(message, "session")).toBe("5");
  });

  test("a folded field is one value", () => {
    const message = response(
      'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a",\r\n\t nonce="b"\r\n\r\n',
    );
    expect(header(message, "www-authenticate")).toBe('Digest realm="a", nonce="b"');
  });

  test("a field that comes several times keeps all its values in order", () => {
    const message = response("RTSP/1.0 401 No\r\nWWW-Authenticate: Basic x\r\nwww-authenticate: Digest y\r\n\r\n");
    expect(message.headers.get("www-authenticate")).toEqual(["Basic x", "Digest y"]);
  });

  test.each([
    ["RTSP/1.0 200", 200, ""],
    ["RTSP/1.0 200 ", 200, ""],
    ["rtsp/1.0 404 Not  Found  ", 404, "Not  Found"],
    ["RTSP/2.0\t200\tOK", 200, "OK"],
  ])("understands the status line %j", (line, status, reason) => {
    expect(response(`${line}\r\n\r\n`)).toMatchObject({ status, reason });
  });

  test("lines without a colon, or with nothing before it, harm no others", () => {
    const message = response("RTSP/1.0 200 OK\r\nnonsense\r\n: x\r\nCSeq: 3\r\n\r\n");
    expect(header(message, "cseq")).toBe("3");
  });

  test("requests of the server are told from responses", () => {
    expect(parseHead("OPTIONS rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n")).toMatchObject({
      kind: "request",
      method: "OPTIONS",
    });
    expect(parseHead("set_parameter * RTSP/1.0\r\n\r\n")).toMatchObject({ method: "SET_PARAMETER", url: "*" });
  });

  test.each(["HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH_9.2", "RTSP/1.0 20 OK", "", "OPTIONS rtsp://h", "RTSP/1.0"])(
    "%j is no RTSP",
    (line) => {
      expect(() => parseHead(`${line}\r\n\r\n`)).toThrow(RtspSyntaxError);
    },
  );

  test("whatever comes, it is a message or an RtspSyntaxError", () => {
    const piece = fc.constantFrom(
      "RTSP/1.0",
      " ",
      "200",
      "\r\n",
      "\n",
      ":",
      "\t",
      "a",
      "CSeq",
      "*",
      "\u2028",
      "OPTIONS",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (head) => {
        try {
          expect(["request", "response"]).toContain(parseHead(head).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(RtspSyntaxError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    `RTSP/1.0 200${" ".repeat(250_000)}x\u2028`,
    `RTSP/1.0 200 OK\r\n${"a".repeat(250_000)}`,
    `RTSP/1.0 200 OK\r\nA: b${"\r\n c".repeat(60_000)}`,
  ])("a hostile line of 250 kB is refused before any regular expression is matched to it (case %#)", (head) => {
    expect(() => parseHead(`${head}\r\n\r\n`)).toThrow(RtspSyntaxError);
  });
});

describe("headEnd", () => {
  test.each([
    ["a\r\n\r\nbody", 5],
    ["a\n\nbody", 3],
    ["a\n\r\nbody", 4],
    ["a\r\n\nbody", 4],
    ["a\r\n\r", -1],
    ["a\r\n", -1],
    ["", -1],
  ])("%j ends at %i", (text, end) => {
    expect(headEnd(Buffer.from(text), 0)).toBe(end);
  });
});

describe("contentLength", () => {
  const withLength = (value: string) => response(`RTSP/1.0 200 OK\r\nContent-length: ${value}\r\n\r\n`);
  test("is 0 when missing", () => expect(contentLength(response("RTSP/1.0 200 OK\r\n\r\n"))).toBe(0));
  test("is read with blanks around it", () => expect(contentLength(withLength(" 460 "))).toBe(460));
  test.each(["-1", "0x10", "1e3", "", "99999999999"])("refuses %j", (value) => {
    expect(() => contentLength(withLength(value))).toThrow(RtspSyntaxError);
  });
});

test("formatRequest puts CSeq first and ends with an empty line", () => {
  expect(formatRequest("PLAY", "rtsp://h/a", 4, { Session: "1", Range: "npt=0.000-" })).toBe(
    "PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 4\r\nSession: 1\r\nRange: npt=0.000-\r\n\r\n",
  );
});

describe("parseSession (RFC 2326 §12.37)", () => {
  test.each([
    ["12345678", "12345678", 60],
    ["12345678;timeout=30", "12345678", 30],
    ["12345678 ; Timeout = 120 ", "12345678", 120],
    ["A-b_c$d.e+f; timeout=0", "A-b_c$d.e+f", 60],
    ["1;foo=bar;timeout=5;x", "1", 5],
    ["1;timeout=forever", "1", 60],
    ["1;timeout=", "1", 60],
    ["", "", 60],
  ])("%j is session %j for %i s", (value, id, timeoutSeconds) => {
    expect(parseSession(value)).toEqual({ id, timeoutSeconds });
  });
});

describe("parseTransportPair (RFC 2326 §12.39)", () => {
  test.each([
    ["RTP/AVP/TCP;unicast;interleaved=0-1", "interleaved", [0, 1]],
    ["RTP/AVP/TCP; unicast; Interleaved = 4 - 5;ssrc=1", "interleaved", [4, 5]],
    ["RTP/AVP/TCP;interleaved=2", "interleaved", [2, 3]],
    ["interleaved=2-3;RTP/AVP/TCP", "interleaved", [2, 3]],
    ["RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971", "server_port", [6970, 6971]],
    ["RTP/AVP/TCP;unicast", "interleaved", undefined],
    ["RTP/AVP/TCP;xinterleaved=1-2", "interleaved", undefined],
    [undefined, "interleaved", undefined],
  ])("%j has for %s %j", (value, name, pair) => {
    expect(parseTransportPair(value, name)).toEqual(pair);
  });
});
