import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LookQueue, type Scope } from "./look-queue.ts";

/** A queue whose checks end when the test ends them. */
function queueOfLooks() {
  const begun: Scope[] = [];
  let end: () => void = () => {};
  const queue = new LookQueue((scope) => {
    begun.push(scope);
    return new Promise((resolve) => {
      end = resolve;
    });
  });
  return { queue, begun, endLook: () => end() };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await nextTurn();
}

test("of what is asked for together the space comes first, each once", async () => {
  const { queue, begun, endLook } = queueOfLooks();
  queue.ask("all");
  queue.ask("space");
  queue.ask("all");
  for (let i = 0; i < 4; i++) {
    await turns();
    endLook();
  }
  expect(begun).toEqual(["space", "all"]);
});

test("an urgent look at the space interrupts one at everything, which is begun anew", async () => {
  const { queue, begun, endLook } = queueOfLooks();
  queue.ask("all");
  await turns();
  queue.ask("space", true);
  expect(queue.isInterrupted).toBe(true);
  for (let i = 0; i < 4; i++) {
    endLook();
    await turns();
    expect(queue.isInterrupted).toBe(false);
  }
  expect(begun).toEqual(["all", "space", "all"]);
});

test("a look at the space that is not urgent waits, and interrupts nothing", async () => {
  const { queue, begun, endLook } = queueOfLooks();
  queue.ask("all");
  await turns();
  queue.ask("space");
  expect(queue.isInterrupted).toBe(false);
  endLook();
  await turns();
  endLook();
  await turns();
  expect(begun).toEqual(["all", "space"]);
});

test("stopping ends what is under way and begins nothing more", async () => {
  const { queue, begun, endLook } = queueOfLooks();
  queue.ask("all");
  await turns();
  queue.ask("space", true);
  const stopped = queue.stop();
  expect(queue.isInterrupted).toBe(true);
  endLook();
  await stopped;
  queue.ask("all");
  await turns();
  expect(begun).toEqual(["all"]);
});
