import fc from "fast-check";
import { expect, test } from "vitest";
import { copyPackets, packetize, stampPackets } from "./packetizer.ts";

const nals = fc.array(
  fc.uint8Array({ minLength: 2, maxLength: 900 }).map((bytes) => {
    const nal = Buffer.from(bytes);
    nal[0] = 0x60 | (1 + ((nal[0] as number) % 12)); // single NAL unit types
    return nal;
  }),
  { minLength: 1, maxLength: 8 },
);

test("packets are small enough, only the last has the marker, and put together again they are the NAL units", () => {
  fc.assert(
    fc.property(nals, fc.integer({ min: 64, max: 600 }), fc.boolean(), (units, maxPacketBytes, aggregate) => {
      const template = packetize(units, { payloadType: 96, maxPacketBytes, aggregate });
      stampPackets(template, { channel: 2, sequence: 65_534, timestamp: 0xfffffff0, ssrc: 0x80000001 });
      const packets = copyPackets(template);
      packets.forEach((packet, i) => {
        expect(packet.length - 4).toBeLessThanOrEqual(maxPacketBytes);
        expect([packet[0], packet[1], packet.readUInt16BE(2)]).toEqual([0x24, 2, packet.length - 4]);
        expect(packet[5]).toBe(i === packets.length - 1 ? 96 + 128 : 96);
        expect(packet.readUInt16BE(6)).toBe((65_534 + i) % 65_536);
        expect([packet.readUInt32BE(8), packet.readUInt32BE(12)]).toEqual([0xfffffff0, 0x80000001]);
      });
      expect(reassemble(packets.map((packet) => packet.subarray(16)))).toEqual(units);
    }),
  );
});

test("large NAL units go as FU-A, small ones together as STAP-A when wanted", () => {
  const small = Buffer.from([0x67, 1, 2]);
  const large = Buffer.alloc(3000, 0x65);
  const types = (aggregate: boolean): number[] =>
    copyPackets(packetize([small, small, large], { payloadType: 96, maxPacketBytes: 1400, aggregate })).map(
      (packet) => (packet[16] as number) & 0x1f,
    );
  expect(types(true)).toEqual([24, 28, 28, 28]);
  expect(types(false)).toEqual([7, 7, 28, 28, 28]);
});

function reassemble(payloads: Buffer[]): Buffer[] {
  const units: Buffer[] = [];
  for (const payload of payloads) {
    const type = (payload[0] as number) & 0x1f;
    if (type === 24) {
      for (let at = 1; at < payload.length; at += 2 + payload.readUInt16BE(at)) {
        units.push(payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)));
      }
    } else if (type === 28) {
      const header = payload[1] as number;
      const first = Buffer.from([((payload[0] as number) & 0xe0) | (header & 0x1f)]);
      const before = header & 0x80 ? first : (units.pop() as Buffer);
      units.push(Buffer.concat([before, payload.subarray(2)]));
    } else {
      units.push(payload);
    }
  }
  return units;
}
