import { expect, it, vi } from "vitest";
import { HeldIndex, type IndexTurn } from "./held-index.ts";

const PATIENCE = { wantedMs: 20, otherwiseMs: 100_000 };
const PART_BYTES = 64 * 1024;
/** Each byte is the number of its part. */
const parts = () => Array.from({ length: 8 }, (_, i) => Buffer.alloc(PART_BYTES, i));
const whole = Buffer.concat(parts());

function turnOf(isWanted: boolean, again = async () => parts(), kept: () => Buffer[] | undefined = () => undefined) {
  const turn = { isWanted, end: vi.fn(), again: vi.fn(again), kept };
  return turn satisfies IndexTurn;
}

it("an index of which nothing is read is let go of when somebody waits, and made anew when it is read on", async () => {
  const turn = turnOf(true);
  const index = new HeldIndex(parts(), PATIENCE);
  const contents = index.contents(100, whole.length - 100, turn);
  const got = [
    Buffer.from((await contents.next()).value as Buffer),
    Buffer.from((await contents.next()).value as Buffer),
  ];
  await vi.waitFor(() => expect(turn.end).toHaveBeenCalled(), 20_000);
  expect(index.take(), "what is held meanwhile").toEqual([]);
  for await (const bytes of contents) got.push(Buffer.from(bytes));
  expect(turn.again).toHaveBeenCalledTimes(1);
  expect(Buffer.concat(got).equals(whole.subarray(100, -100))).toBe(true);
});

it("is kept by a client that reads, and by a slow one as long as nobody waits", async () => {
  for (const isWanted of [true, false]) {
    const turn = turnOf(isWanted);
    const got: Buffer[] = [];
    for await (const bytes of new HeldIndex(parts(), PATIENCE).contents(0, whole.length, turn)) {
      got.push(bytes);
      if (!isWanted) await new Promise((wake) => setTimeout(wake, 30));
    }
    expect(Buffer.concat(got).equals(whole)).toBe(true);
    expect([turn.again.mock.calls.length, turn.end.mock.calls.length]).toEqual([0, 1]);
  }
});

it("is let go of in the end, also when nobody waits", async () => {
  const turn = turnOf(false);
  const index = new HeldIndex(parts(), { wantedMs: 10, otherwiseMs: 40 });
  await index.contents(0, whole.length, turn).next();
  await vi.waitFor(() => expect(turn.end).toHaveBeenCalled(), 20_000);
  expect(index.take()).toEqual([]);
});

it("fails when it cannot be made anew", async () => {
  const turn = turnOf(true, () => Promise.reject(new Error("another one")));
  const contents = new HeldIndex(parts(), PATIENCE).contents(0, whole.length, turn);
  await contents.next();
  await vi.waitFor(() => expect(turn.end).toHaveBeenCalled(), 20_000);
  await expect(contents.next()).rejects.toThrow("another one");
});

it("a small one, and one of which nothing is wanted, give the turn back at once", async () => {
  const [small, unwanted] = [turnOf(false), turnOf(false)];
  await new HeldIndex([Buffer.alloc(1000)], PATIENCE).contents(0, 1000, small).next();
  await new HeldIndex(parts(), PATIENCE).contents(whole.length + 5, whole.length, unwanted).next();
  expect([small.end, unwanted.end].map((end) => end.mock.calls.length > 0)).toEqual([true, true]);
});

it("one that is kept for all is sent without a turn, and without being held; when it goes meanwhile, it is made anew", async () => {
  let kept: Buffer[] | undefined = parts();
  const turn = turnOf(true, undefined, () => kept);
  const index = new HeldIndex(undefined, PATIENCE, whole.length);
  const got: Buffer[] = [];
  const read = async (contents: AsyncIterable<Buffer>) => {
    for await (const bytes of contents) {
      got.push(Buffer.from(bytes));
      if (got.length === 3) kept = undefined;
    }
    return Buffer.concat(got.splice(0));
  };
  const cut = await read(index.contents(PART_BYTES + 5, 2 * PART_BYTES + 10, turn));
  expect(cut.equals(whole.subarray(PART_BYTES + 5, 2 * PART_BYTES + 10))).toBe(true);
  expect([turn.again.mock.calls.length, index.take()]).toEqual([0, []]);
  expect((await read(index.contents(0, whole.length, turn))).equals(whole)).toBe(true);
  expect(turn.again).toHaveBeenCalledTimes(1);
});
