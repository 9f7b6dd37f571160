import fc from "fast-check";
import { expect, test } from "vitest";
import { TransportPackets } from "./transport-packets.ts";

/** A packet whose payload is its number. */
function packet(number: number, isEntry: boolean): Buffer {
  const bytes = Buffer.alloc(188, number & 0x3f);
  bytes[0] = 0x47;
  bytes[1] = isEntry ? 0x41 : 0x01;
  bytes[3] = isEntry ? 0x30 : 0x10;
  bytes[4] = isEntry ? 7 : 0;
  bytes[5] = isEntry ? 0x50 : 0;
  return bytes;
}

test("however the stream is cut into pieces, whole packets come out in order, entry points first in their run", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.array(fc.nat(400), { maxLength: 40 }),
      (entries, cuts) => {
        const stream = Buffer.concat(entries.map((isEntry, number) => packet(number, isEntry)));
        const packets = new TransportPackets();
        const runs = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          runs.push(...packets.push(stream.subarray(at, at + cut)));
          at += cut;
        }
        expect(Buffer.concat(runs.map((run) => run.bytes)).equals(stream)).toBe(true);
        expect(runs.every((run) => run.bytes.length % 188 === 0)).toBe(true);
        expect(runs.filter((run) => run.isEntry).length).toBe(entries.filter(Boolean).length);
        for (const run of runs) expect(run.isEntry).toBe(run.bytes[1] === 0x41);
      },
    ),
  );
});

test("bytes that are no transport stream are left out, and nothing piles up", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 10 }), (pieces) => {
      const packets = new TransportPackets();
      for (const piece of pieces) {
        for (const run of packets.push(Buffer.from(piece))) expect(run.bytes[0]).toBe(0x47);
      }
    }),
  );
});
