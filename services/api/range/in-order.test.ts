import { expect, it } from "vitest";
import { inOrder } from "./in-order.ts";

const ITEMS = Array.from({ length: 40 }, (_, i) => i);

it("few are under way until as many are done, then more, each with a slot of its own; results come in order", async () => {
  const slots = new Set<number>();
  const underWay: number[] = [];
  const work = async (item: number, slot: number) => {
    if (slots.has(slot)) throw new Error(`slot ${slot} is taken`);
    slots.add(slot);
    underWay.push(slots.size);
    await new Promise((wake) => setTimeout(wake, item % 3));
    slots.delete(slot);
    return item;
  };
  const results: number[] = [];
  for await (const result of inOrder(ITEMS, { first: 2, most: 8 }, work, async () => {})) results.push(result);
  expect(results).toEqual(ITEMS);
  expect(Math.max(...underWay.slice(0, 2))).toBeLessThanOrEqual(2);
  expect(Math.max(...underWay)).toBe(8);
});

it("a disk that does not answer is asked for a few only", async () => {
  let asked = 0;
  const never = () => {
    asked++;
    return new Promise<number>(() => {});
  };
  void inOrder(ITEMS, { first: 2, most: 8 }, never, async () => {}).next();
  await new Promise(setImmediate);
  expect(asked).toBe(2);
});
