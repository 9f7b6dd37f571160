import { expect, test } from "vitest";
import { ConfigError, parseConfig } from "./config.ts";
import { demoConfig } from "./demo.ts";

test("a camera with a count stands for so many, which share a clip", () => {
  const { cameras } = parseConfig({ cameras: [{ id: "load", count: 3, countable: false }] });
  expect(cameras.map((camera) => camera.id)).toEqual(["load-1", "load-2", "load-3"]);
  expect(new Set(cameras.map((camera) => JSON.stringify(camera.clip))).size).toBe(1);
});

test("what is misspelt or out of range is named", () => {
  const refusal = (camera: object): (() => unknown) => {
    return () => parseConfig({ cameras: [{ id: "a", ...camera }] });
  };
  expect(refusal({ id: "a.b" })).toThrow(ConfigError);
  expect(refusal({ clip: { fsp: 25 } })).toThrow(/clip/);
  expect(refusal({ jion: "keyframe" })).toThrow(/jion/);
  expect(refusal({ faults: { los: {} } })).toThrow(/los/);
  expect(refusal({ faults: { loss: { probability: 2 } } })).toThrow(/loss/);
});

test("the demonstration's clips last exactly a minute", () => {
  for (const { clip } of demoConfig().cameras) expect(clip.frames / clip.fps).toBe(60);
});
