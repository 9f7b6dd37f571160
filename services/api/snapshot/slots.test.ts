import { expect, it } from "vitest";
import { Slots } from "./slots.ts";

it("slots are taken in the order in which they were asked for, each once, however often it is given back", async () => {
  const slots = new Slots(2);
  const taken: number[] = [];
  const take = async (who: number) => {
    const giveBack = await slots.take();
    taken.push(who);
    return giveBack;
  };
  const waiting = [1, 2, 3, 4, 5].map(take);
  const [first, second] = [await waiting[0], await waiting[1]];
  first?.();
  first?.();
  await waiting[2];
  await new Promise(setImmediate);
  expect(taken).toEqual([1, 2, 3]);
  second?.();
  (await waiting[2])?.();
  await Promise.all(waiting);
  expect(taken).toEqual([1, 2, 3, 4, 5]);
});
