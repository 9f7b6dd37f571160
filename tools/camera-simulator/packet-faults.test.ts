import { expect, test } from "vitest";
import { PacketFaults } from "./packet-faults.ts";

const packets = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.alloc(20, i));
const order = (sent: Buffer[]): number[] => sent.map((packet) => packet[0] as number);

test("the packets of a loss list are lost, and no others", () => {
  const faults = new PacketFaults(1);
  const { packets: sent, dropped } = faults.damage(packets(6), { loss: { packets: [1, 4] } });
  expect(order(sent)).toEqual([0, 2, 3, 5]);
  expect(dropped).toBe(true);
  expect(faults.damage(packets(2), { loss: { packets: [1, 4] } }).dropped).toBe(false);
});

test("the same seed loses the same packets", () => {
  const lose = (seed: number): number[] =>
    order(new PacketFaults(seed).damage(packets(200), { loss: { probability: 0.1 } }).packets);
  expect(lose(5)).toEqual(lose(5));
  expect(lose(5)).not.toEqual(lose(6));
  expect(lose(5).length).toBeLessThan(200);
});

test("reordering sends every packet once, some later, none of them lost", () => {
  const faults = new PacketFaults(3);
  const first = faults.damage(packets(100), { reorder: { probability: 0.2, distance: 4 } });
  const rest = faults.damage([], {});
  const sent = order([...first.packets, ...rest.packets]);
  expect(first.dropped).toBe(false);
  expect(sent).not.toEqual(order(packets(100)));
  expect([...sent].sort((a, b) => a - b)).toEqual(order(packets(100)));
});
