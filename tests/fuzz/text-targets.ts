import fc from "fast-check";
import { H264Format } from "../../services/recorder/codec/h264/h264-rtp-codec.ts";
import { CameraRefusedError } from "../../services/recorder/errors/camera-error.ts";
import { Authenticator } from "../../services/recorder/rtsp/authentication.ts";
import {
  contentLength,
  parseHead,
  parseSession,
  parseTransportPair,
  RtspSyntaxError,
} from "../../services/recorder/rtsp/message.ts";
import { findVideoTrack } from "../../services/recorder/rtsp/sdp.ts";
import { parseRtspUrl, resolveBase, resolveControl } from "../../services/recorder/rtsp/url.ts";
import { mutate, mutationLists, plainSource } from "./mutations.ts";
import { messagesOf, type Session } from "./recorded-session.ts";
import { type FuzzTarget, fuzzTarget, must, throwsOnly } from "./target.ts";

/** About the maximum length of a line in messages, and how many such lines the largest message holds. */
const LINE_LENGTH = 8000;
const MAX_LINES = 30;

const URLS = [
  "rtsp://admin:p%40ss@192.0.2.1:8554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1",
  "rtsps://[2001:db8::1%25eth0]/live/ch0",
  "rtsp://user:pass/word@camera.local/h264",
  "rtsp://camera:65535/",
  "rtsp://camera:99999/",
];
const FIELDS = ["0815;timeout=0", "77 ; Timeout = 30", "RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1", "x;interleaved=9"];
const CHALLENGES = [
  'Digest realm="a\\"b", nonce="0123", opaque="x", algorithm=SHA-256, qop="auth,auth-int", Basic realm="c"',
  'Basic realm="camera", Digest realm=camera, nonce=9f, stale=FALSE',
];

/** Pieces that the parsers' patterns match, and some that they do not expect. */
const pieces = fc.oneof(
  fc.constantFrom(...' \t\r\n:;,=-/@?%"\\[]{}()*.+_a1AΩ\0'),
  fc.constantFrom(
    'a="',
    "a=",
    "=a ",
    'a=\\"',
    "\\a",
    '="\\',
    "a, ",
    "%0",
    "://",
    "; timeout=1",
    "interleaved=0-",
    "\r\n ",
  ),
  fc.string({ maxLength: 6 }),
);

/** One piece repeated: slow for regular expressions that backtrack. */
const repeated = fc.tuple(fc.string({ maxLength: 8 }), pieces, pieces, fc.nat(LINE_LENGTH)).map(
  // `padEnd` adds nothing for an empty piece.
  ([start, piece, end, length]) => (start + "".padEnd(length, piece) + end).slice(0, LINE_LENGTH),
);

/** Texts of a kind: mutated samples, joined pieces, and one repeated piece. */
function texts(samples: readonly string[]): fc.Arbitrary<string> {
  const mutated = fc.tuple(fc.constantFrom(...samples), fc.constantFrom(...samples), mutationLists(6));
  return fc.oneof(
    { weight: 4, arbitrary: mutated.map(([text, other, mutations]) => mutateText(text, other, mutations)) },
    { weight: 2, arbitrary: fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join("")) },
    repeated,
  );
}

function mutateText(text: string, other: string, mutations: Parameters<typeof mutate>[1]): string {
  return mutate(plainSource(Buffer.from(text), Buffer.from(other)), mutations).bytes.toString("utf8");
}

/** The parsers of texts from a camera or the user. */
export function textTargets(sessions: readonly Session[]): FuzzTarget[] {
  const messages = sessions.flatMap(messagesOf);
  const heads = messages.map((message) => message.split("\r\n\r\n")[0] as string);
  const descriptions = messages.map((message) => message.split("\r\n\r\n")[1] ?? "").filter((text) => text !== "");
  const values = heads.flatMap((head) => head.split("\r\n").slice(1)).map((line) => line.replace(/^[^:]*:\s*/, ""));
  const lines = (text: fc.Arbitrary<string>) => fc.tuple(text, fc.integer({ min: 1, max: MAX_LINES }));
  const fields = fc.oneof(texts(values), texts(FIELDS), fc.constantFrom(...FIELDS));
  return [
    fuzzTarget("rtsp-message", 400, texts(heads), (text) => {
      throwsOnly(() => {
        const message = parseHead(text);
        const length = contentLength(message);
        must(Number.isSafeInteger(length) && length >= 0, `a body of ${length} bytes`);
        if (message.kind === "response") must(message.status <= 999, `status ${message.status}`);
      }, RtspSyntaxError);
    }),
    fuzzTarget("rtsp-fields", 400, fields, (text) => {
      const { timeoutSeconds } = parseSession(text);
      must(timeoutSeconds > 0 && timeoutSeconds < 1e6, `a timeout of ${timeoutSeconds} s`);
      const pair = parseTransportPair(text, "interleaved");
      must(pair === undefined || pair.every((n) => n >= 0 && n <= 100_000), `channels ${pair}`);
    }),
    fuzzTarget("sdp", 300, lines(texts(descriptions)), ([text, times]) => {
      const prefix = text.includes("m=video") ? "" : `${descriptions[0]}a=fmtp:96 `;
      throwsOnly(() => {
        const { format } = findVideoTrack(prefix + text.padEnd(1, " ").repeat(text.length > 1000 ? times : 1));
        must(format instanceof H264Format && format.clockRate === 90_000, "a clock rate that no video has");
        for (const set of format.parameterSets) must(set.length > 1, "an empty parameter set");
      }, CameraRefusedError);
    }),
    fuzzTarget("www-authenticate", 300, lines(texts([...CHALLENGES, ...values])), ([text, times]) => {
      const authenticator = new Authenticator("user", "password");
      const isAnswered = authenticator.challenge(Array.from({ length: times }, () => text));
      const answer = authenticator.authorize("DESCRIBE", "rtsp://camera/");
      must(isAnswered === (answer !== undefined), "a challenge that is answered and not");
      must(answer === undefined || /^(Basic \S+|Digest username="user", realm=)/.test(answer), `answered ${answer}`);
    }),
    fuzzTarget("rtsp-url", 400, fc.tuple(texts(URLS), fc.boolean()), ([text, hasScheme]) => {
      const url = hasScheme ? `rtsp://${text}` : text;
      throwsOnly(() => {
        const { host, port, request, password } = parseRtspUrl(url);
        must(host !== "" && port >= 1 && port <= 65_535, `host ${host}, port ${port}`);
        must(request.length <= url.length, "a request longer than its URL");
        must(password === undefined || url.includes("@"), "a password from nowhere");
      }, TypeError);
      for (const base of [resolveBase(URLS[0] as string, text), resolveBase(url, url)]) resolveControl(base, text);
    }),
  ];
}
