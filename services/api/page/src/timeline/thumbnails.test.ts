import { afterEach, expect, test, vi } from "vitest";
import { Thumbnails } from "./thumbnails.ts";

const minute = { camera: "yard", minuteMs: Date.UTC(2026, 10, 24, 14, 33) };

afterEach(() => vi.unstubAllGlobals());

test("a picture that changes while it is on its way is fetched anew", () => {
  const images: EventTarget[] = [];
  vi.stubGlobal(
    "Image",
    class extends EventTarget {
      constructor() {
        super();
        images.push(this);
      }
    },
  );
  const thumbnails = new Thumbnails(() => true);
  thumbnails.want([minute]);
  thumbnails.onMinute(minute);
  images[0]?.dispatchEvent(new Event("load"));
  expect(thumbnails.get(minute)).toBeUndefined();
  thumbnails.want([minute]);
  images[1]?.dispatchEvent(new Event("load"));
  expect(thumbnails.get(minute)?.source).toBe(images[1]);
});
