import { afterEach, expect, test, vi } from "vitest";
import { Sheets } from "./sheets.ts";

const minute = { camera: "yard", minuteMs: Date.UTC(2026, 10, 24, 14, 59) };

afterEach(() => vi.unstubAllGlobals());

test("a sheet that changes while it is on its way is fetched anew", async () => {
  const answers: (() => void)[] = [];
  vi.stubGlobal("fetch", () => new Promise((resolve) => answers.push(() => resolve(new Response("")))));
  let made = 0;
  vi.stubGlobal("createImageBitmap", async () => ({ place: ++made, close: () => {} }));
  const sheets = new Sheets();
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  sheets.want([minute]);
  sheets.forget(minute.camera, minute.minuteMs); // as when its last minute was added
  answers[0]?.();
  await settled();
  expect(sheets.get(minute.camera, minute.minuteMs)).toBeUndefined();
  sheets.want([minute]);
  answers[1]?.();
  await settled();
  expect(sheets.get(minute.camera, minute.minuteMs)?.source).toMatchObject({ place: 2 });
});
