import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { secretsIn } from "../../../shared/config/secrets.ts";
import { Disks } from "../../../shared/disk/disks.ts";
import { Redactor } from "../../../shared/logging/redactor.ts";
import { hostClock } from "../clock/system-clock.ts";
import { quoting } from "../errors/quote.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { LiveTap } from "../live/live-tap.ts";
import { Recorder } from "../recorder.ts";
import { serve } from "../testing/odd-camera.ts";
import { answer, goodAnswer, type Script, until } from "../testing/scripted-server.ts";

const SECRET = "hunter2secret";
const OTHER_SECRET = "0ther-cameras-secret";
const LONG = "x".repeat(1000);

/**
 * The problem in the status (and so in system.json, events, conditions and webhook) of a camera that answers like this;
 * and the log.
 */
async function told(script: Script, live?: LiveTap): Promise<{ problem: string; log: string; lines: unknown[] }> {
  const server = await serve(script);
  const root = await mkdtemp(join(tmpdir(), "hindsight-words-"));
  const cameras = {
    yard: { url: server.url.replace("//", `//admin:${SECRET}@`) },
    other: { url: `rtsp://view:${OTHER_SECRET}@192.0.2.1/a`, enabled: false },
  };
  const config = parseConfig(JSON.stringify({ storage: { root }, cameras }), "test", { env: {}, cwd: root });
  const redactor = new Redactor(secretsIn({ current: config }));
  const lines: unknown[] = [];
  const log = (...line: unknown[]) => void lines.push(line);
  const recorder = new Recorder(config, {
    origin: { recorder: "test", boot: "test" },
    disks: new Disks(),
    clock: hostClock,
    logger: { info: log, warn: log, error: log } as never,
    quote: quoting((text) => redactor.text(text)),
    live: () => live ?? new LiveTap("yard", new LivePublisher({} as never)),
    chunkClosed: () => {},
    directoryUsed: () => {},
    roomWanted: () => {},
  });
  onTestFinished(async () => {
    await recorder.stop();
    await rm(root, { recursive: true });
  });
  recorder.record(new Set(["yard"]));
  recorder.start();
  const problem = () => recorder.statuses()[0]?.problem;
  await until(() => problem() !== undefined);
  return { problem: problem() ?? "", log: JSON.stringify(lines), lines };
}

const sdp = (codec: string) => `v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 ${codec}/90000\r\n`;

test.each<[string, Script, RegExp]>([
  [
    "the reason of a refusal",
    () => answer(`403 user and password admin:${SECRET} are wrong, not view:${OTHER_SECRET} ${LONG}`),
    /^403 user and password (admin:)?\*\*\* are wrong, not /,
  ],
  [
    "the names of codecs",
    ({ method }) => (method === "DESCRIBE" ? answer("200 OK", {}, sdp(`${SECRET}${LONG}`)) : answer("200 OK")),
    /video is \*\*\*x/,
  ],
  [
    "the host of a Location that asks for a password",
    ({ url }) =>
      url.includes("127.0.0.1")
        ? answer("302 Moved", { Location: `rtsp://${SECRET}.${OTHER_SECRET}.${"x".repeat(70)}/` }) // too long for a label of a host name: no DNS query is sent
        : answer("401 No"),
    /\*\*\*/,
  ],
  ["control characters", () => answer(`403 hunter2\u001b\u0007secret\u001b[31m ${LONG}`), /^403 \*\*\*\[31m x/],
])("%s of a camera is masked and cut before anybody is told of it", async (_, script, expected) => {
  const { problem, log } = await told(script);
  expect(problem).toMatch(expected);
  expect(problem.length).toBeLessThan(400); // 200 characters of the camera's, and ours
  for (const text of [problem, log]) {
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(OTHER_SECRET);
    expect(text).not.toMatch(/x{201}|\p{Cc}/u);
  }
});

test("a fault of our own is told without its stack, which the log has", async () => {
  const live = new LiveTap("yard", new LivePublisher({} as never));
  const fault = new Error(`cannot read ${SECRET}`);
  Object.defineProperty(live, "isWatched", {
    get: () => {
      throw fault;
    },
  });
  const { problem, lines } = await told(goodAnswer, live);
  expect(problem).toBe("a fault of the recorder: cannot read ***: please report it");
  expect(lines).toContainEqual([`camera yard: ${problem}`, { error: fault }]);
});
