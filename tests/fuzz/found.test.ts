import { expect, test } from "vitest";
import { Authenticator } from "../../services/recorder/rtsp/authentication.ts";
import { InterleavedReader } from "../../services/recorder/rtsp/interleaved-reader.ts";
import { indexChunk } from "../../shared/chunk/chunk-index.ts";
import { BLOCK_HEADER_BYTES, writeBlockHeader } from "../../shared/chunk/format.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import { withFileOf } from "./temporary-file.ts";

/** Inputs that fuzzing found, each reduced as far as possible. */

/**
 * Limit of CPU time, ms: hundreds of times what these inputs take; before the faults were corrected they took 8,000.
 */
const MAX_CPU_MS = 3000;

test.each(["-", "1", "A"])("WWW-Authenticate: 30 fields of 8 kB of %s are read at once", (letter) => {
  const before = process.cpuUsage();
  new Authenticator("user", "password").challenge(Array.from({ length: 30 }, () => `${letter.repeat(8000)}=`));
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(MAX_CPU_MS);
});

test("interleaved reader: a first packet of spoiled channel and length does not hide all other channels for ever", () => {
  const channels: number[] = [];
  let garbage = 0;
  const reader = new InterleavedReader({
    packet: (channel) => channels.push(channel),
    message: () => {},
    garbage: (count) => {
      garbage += count;
    },
  });
  const packet = Buffer.concat([Buffer.from([0x24, 0, 0, 200]), Buffer.alloc(200, 0x80)]);
  const spoiled = Buffer.concat([Buffer.from([0x24, 10, 0x01, 0x03]), packet.subarray(4)]);
  const bytes = Buffer.concat([spoiled, ...Array.from({ length: 400 }, () => packet)]);
  for (let at = 0; at < bytes.length; at += 1000) {
    const read = bytes.subarray(at, at + 1000);
    reader.push(read, read.length);
  }
  expect(channels.filter((channel) => channel === 0).length).toBeGreaterThan(70);
  expect(garbage).toBeLessThan(66_000);
});

test("interleaved reader: false headers that lead from one to the next do not hide the stream for ever", () => {
  let found = 0;
  const reader = new InterleavedReader({
    packet: (channel) => {
      if (channel === 0) found++;
    },
    message: () => {},
    garbage: () => {},
  });
  const packet = Buffer.concat([Buffer.from([0x24, 0, 0x03, 0xe8]), Buffer.alloc(1000, 0x80)]);
  packet.set([0x24, 0xb3, 0xf6, 0x5a, 0x80], 500); // like a packet of 63 kB, of a falsely recognised channel
  const bytes = Buffer.concat([Buffer.from([0x24, 0xb3, 0, 0, 0xff]), ...Array.from({ length: 400 }, () => packet)]);
  reader.push(bytes, bytes.length);
  expect(found).toBeGreaterThan(200);
});

test("chunk index: a frame at the latest time that can be written ends at a time that can be written", async () => {
  const bytes = Buffer.alloc(BLOCK_HEADER_BYTES + 6);
  writeBlockHeader(bytes, 0, { kind: H264.blockKind, length: 6, timeUs: Number.MAX_SAFE_INTEGER });
  bytes.set([0, 0, 0, 1, 0x65, 0x88], BLOCK_HEADER_BYTES);
  const { endUs } = await withFileOf(bytes, (file) => indexChunk(file));
  expect(endUs).toBe(Number.MAX_SAFE_INTEGER);
});
