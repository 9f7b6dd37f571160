import { expect, it } from "vitest";
import { TimeSlice } from "./time-slice.ts";

it("long work lets others have their turn, once it has gone on for some milliseconds", async () => {
  const slice = new TimeSlice();
  let hadTurn = false;
  setImmediate(() => {
    hadTurn = true;
  });
  const endMs = performance.now() + 20;
  while (performance.now() < endMs);
  await slice.pause();
  expect(hadTurn).toBe(true);
});
