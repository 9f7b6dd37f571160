import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { H264 } from "../codec/h264/h264.ts";
import { nalType } from "../codec/h264/nal.ts";
import { splitAnnexB } from "../codec/nal-units.ts";
import { writeFragment, writeInitializationSegment } from "./fragment-writer.ts";

test("ffprobe reads from fragments the times, sizes and keyframes that were put in", () => {
  const folder = mkdtempSync(join(tmpdir(), "hindsight-fragments-"));
  try {
    const stream = execFileSync("ffmpeg", [
      ..."-v error -f lavfi -i testsrc2=size=320x180:rate=25:duration=2 -c:v libx264 -g 25 -bf 0".split(" "),
      ..."-x264-params aud=1:repeat-headers=1 -f h264 -".split(" "),
    ]);
    const units: Buffer[][] = [];
    for (const nal of splitAnnexB(stream)) {
      if (nalType(nal[0] as number) === 9) units.push([]);
      units.at(-1)?.push(nal);
    }
    const configuration = H264.configurationOf(units[0] as Buffer[]);
    if (configuration === undefined) throw new Error("no parameter sets");
    const parts = [writeInitializationSegment([{ kind: "video", configuration }], Date.now() * 1000)];
    const expected = units.map((nals, i) => {
      const isKeyframe = nals.some((nal) => nalType(nal[0] as number) === 5);
      const decodeTimeUs = 7_000_000 + i * 40_000;
      const presentationTimeUs = decodeTimeUs + (i % 2 === 0 ? 1000 : -1000);
      const sample = { sequence: i + 1, isKeyframe, decodeTimeUs, presentationTimeUs, durationUs: 40_000 };
      parts.push(writeFragment(sample, nals));
      const size = nals.reduce((sum, nal) => sum + 4 + nal.length, 0);
      return {
        pts: i * 40_000 - (i % 2) * 2000,
        dts: decodeTimeUs,
        duration: 40_000,
        size: String(size),
        key: isKeyframe,
      };
    });
    const file = join(folder, "fragments.mp4");
    writeFileSync(file, Buffer.concat(parts));
    const probed = JSON.parse(
      execFileSync("ffprobe", ["-v", "error", "-show_packets", "-of", "json", file]).toString(),
    ) as { packets: { pts: number; dts: number; duration: number; size: string; flags: string }[] };
    // ffprobe shifts all presentation times so that the least composition offset becomes 0.
    const firstPts = probed.packets[0]?.pts ?? 0;
    expect(
      probed.packets.map(({ pts, dts, duration, size, flags }) => ({
        pts: pts - firstPts,
        dts,
        duration,
        size,
        key: flags.startsWith("K"),
      })),
    ).toEqual(expected);
    expect(execFileSync("ffmpeg", ["-v", "error", "-i", file, "-f", "null", "-"]).toString()).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
