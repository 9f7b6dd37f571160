import { afterEach, beforeEach, expect, it } from "vitest";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { dayOf, minuteAt } from "../../../shared/time/minute.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { MinuteWatch } from "./minute-watch.ts";

const CAMERA = "front-door";
let store: StoreFixture;
let api: ApiFixture;

beforeEach(() => {
  store = new StoreFixture({ [CAMERA]: {} });
  api = new ApiFixture(store);
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

function write(time: string): string {
  const minute = `${dayOf(minuteAt(Date.now() * 1000))}.${time}`;
  store.write(minutePath(store.directory(CAMERA), CAMERA, minute, "mp4"), "mp4");
  return minute;
}

/** A watch that waits right before it reads a day, while `isHeld` is set. */
function heldWatch() {
  const { catalog } = api.parts;
  const gates: (() => void)[] = [];
  const state = { isHeld: false, gates };
  const held = {
    cameras: () => catalog.cameras(),
    day: async (camera: string, day: string) => {
      if (state.isHeld) await new Promise<void>((resolve) => gates.push(resolve));
      return catalog.day(camera, day);
    },
  };
  return { watch: new MinuteWatch(held as unknown as Catalog), state };
}

it("what comes while two begin at a time is told, to whom it is news", async () => {
  const { watch, state } = heldWatch();
  await watch.begin(Date.now());
  const minute = write("0000");
  state.isHeld = true;
  const second = watch.begin(Date.now());
  state.isHeld = false;
  for (const open of state.gates) open();
  await second;
  expect(await watch.changes(Date.now())).toMatchObject([{ name: minute }]);
});

it("what was forgotten while it was looked stays forgotten", async () => {
  const { watch, state } = heldWatch();
  await watch.begin(Date.now());
  state.isHeld = true;
  const looking = watch.changes(Date.now());
  await expect.poll(() => state.gates.length, { timeout: 20_000 }).toBe(1);
  watch.reset();
  state.isHeld = false;
  for (const open of state.gates) open();
  await looking;
  write("0001");
  expect(await watch.changes(Date.now()), "the first look after it").toEqual([]);
});
