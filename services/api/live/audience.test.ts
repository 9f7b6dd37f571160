import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { Audience } from "./audience.ts";

/** A viewer that reads only on command. */
function viewer() {
  const sent: string[] = [];
  const fake = { bufferedAmount: 0, sent, send: (message: Buffer | string) => sent.push(message.toString()) };
  return Object.assign(fake, { socket: fake as unknown as WebSocket });
}

const MB = 1024 * 1024;

test("a viewer begins with an entry point, behind what must be told before it", () => {
  const audience = new Audience();
  audience.setPreamble(["start"]);
  const late = viewer();
  audience.add(late.socket, []);
  for (const [bytes, isEntry] of [
    ["p1", false],
    ["k2", true],
    ["p3", false],
  ] as const) {
    audience.send(Buffer.from(bytes), isEntry);
  }
  expect(late.sent).toEqual(["start", "k2", "p3"]);
});

test("one that comes in the middle of a GOP gets what it has so far", () => {
  const audience = new Audience();
  audience.setPreamble(["start"]);
  const late = viewer();
  audience.add(late.socket, [Buffer.from("k1"), Buffer.from("p2")]);
  audience.send(Buffer.from("p3"), false);
  expect(late.sent).toEqual(["start", "k1", "p2", "p3"]);
});

test("one that does not keep up is left out until an entry point finds it has caught up; others are not", () => {
  const audience = new Audience();
  const [slow, quick] = [viewer(), viewer()];
  for (const each of [slow, quick]) audience.add(each.socket, [Buffer.from("k1")]);
  slow.bufferedAmount = 3 * MB;
  audience.send(Buffer.from("p2"), false);
  audience.send(Buffer.from("k3"), true);
  slow.bufferedAmount = 0;
  audience.send(Buffer.from("p4"), false);
  audience.send(Buffer.from("k5"), true);
  audience.send(Buffer.from("p6"), false);
  expect(slow.sent).toEqual(["k1", "k5", "p6"]);
  expect(quick.sent).toEqual(["k1", "p2", "k3", "p4", "k5", "p6"]);
});

test("a new beginning goes before the next entry point, once", () => {
  const audience = new Audience();
  audience.setPreamble(["one"]);
  const seen = viewer();
  audience.add(seen.socket, [Buffer.from("k1")]);
  audience.setPreamble(["two"]);
  audience.send(Buffer.from("k2"), true);
  audience.send(Buffer.from("k3"), true);
  expect(seen.sent).toEqual(["one", "k1", "two", "k2", "k3"]);
});
