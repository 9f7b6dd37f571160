import { expect, it } from "vitest";
import { type TurnLimits, Turns } from "./turns.ts";

const LIMITS: TurnLimits = { what: "dances", perClient: 2, inAll: 3, waitingPerClient: 5, waitingInAll: 7 };

/** Clients that request turns, listed in the order in which they get them. */
function dance(limits: Partial<TurnLimits> = {}) {
  const turns = new Turns({ ...LIMITS, ...limits });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, signal?: AbortSignal) =>
    turns.take(name[0] as string, signal).then((end) => {
      begun.push(name);
      ends.set(name, end);
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    ends.get(name)?.(); // a second call has no effect
    await new Promise(setImmediate);
  };
  return { turns, begun, ask, end };
}

it("the next turn is of the client that has the fewest, and among its own in their order", async () => {
  const { turns, begun, ask, end } = dance();
  for (const name of ["a1", "a2", "a3", "a4", "b1", "b2"]) void ask(name);
  await new Promise(setImmediate);
  expect(begun, "one client does not take all of them").toEqual(["a1", "a2", "b1"]);
  expect([turns.isWanted("a"), turns.isWanted("b"), turns.isWanted("c")]).toEqual([true, true, true]);
  await end("a1");
  expect(begun.slice(3), "a and b have one each: a3 came first").toEqual(["a3"]);
  await end("a2");
  expect(begun.slice(4)).toEqual(["a4"]);
  await end("a3");
  await end("b1");
  expect(begun.slice(5)).toEqual(["b2"]);
  expect(turns.isWanted("a")).toBe(false);
});

it("a client that waits for itself wants nobody else's turn", async () => {
  const { turns, ask } = dance({ perClient: 1, inAll: 3 });
  for (const name of ["a1", "a2", "b1"]) void ask(name);
  await new Promise(setImmediate);
  expect([turns.isWanted("a"), turns.isWanted("b")]).toEqual([true, false]);
});

it("the line is bounded, by client and in all; who goes away leaves it", async () => {
  const { begun, ask, end } = dance({ perClient: 1, inAll: 1, waitingPerClient: 2, waitingInAll: 3 });
  const gone = new AbortController();
  await ask("a1");
  const leaving = ask("a2", gone.signal);
  void ask("a3");
  await expect(ask("a4")).rejects.toMatchObject({ status: 429 });
  void ask("b1");
  await expect(ask("c1")).rejects.toMatchObject({ status: 503 });
  gone.abort();
  await expect(leaving).rejects.toThrow(/aborted/);
  void ask("c2");
  await end("a1");
  await end("a3");
  await end("b1");
  expect(begun).toEqual(["a1", "a3", "b1", "c2"]);
  await expect(ask("a5", gone.signal)).rejects.toThrow(/aborted/);
});
