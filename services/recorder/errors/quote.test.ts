import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../../../shared/config/load-config.ts";
import { secretsIn } from "../../../shared/config/secrets.ts";
import { Redactor } from "../../../shared/logging/redactor.ts";
import { quoting } from "./quote.ts";

const CAMERAS = {
  front: { url: "rtsp://admin:hunter2secret@192.0.2.1/a" },
  yard: { url: "rtsp://view:p%40ss%2Fw%C3%B6rd%3F@192.0.2.2/a" },
  short: { url: "rtsp://root:abc@192.0.2.3/a" },
};
const config = parseConfig(JSON.stringify({ cameras: CAMERAS }), "test", { env: {}, cwd: "/" });
const redactor = new Redactor(secretsIn({ current: config }));
const quote = quoting((text) => redactor.text(text));
const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each([
  "hunter2secret",
  "admin:hunter2secret",
  "p@ss/wörd?",
  "p%40ss%2Fw%C3%B6rd%3F",
  "p%40ss%2fw%c3%b6rd%3f",
  base64("hunter2secret"),
  base64("admin:hunter2secret"),
  base64("p@ss/wörd?"),
  base64("view:p@ss/wörd?"),
  Buffer.from("view:p@ss/wörd?").toString("base64url"),
  base64("admin:hunter2secret").replace(/=+$/, ""),
  "root:abc",
  base64("root:abc"),
])("of any configured camera %s is masked in what a camera says", (secret) => {
  expect(quote(`user and password ${secret} are wrong`)).not.toContain(secret.replace(/=+$/, ""));
  expect(quote(`[${secret}]`)).toMatch(/^\[(\*\*\*:?)+=*\]$/);
});

test("a secret is not hidden from the mask by characters that cannot be seen", () => {
  for (const hidden of ["\0", "\u001b", "\u200b", "\u202e", "\u00ad", "\ufeff", "\u2060", "\ud800"]) {
    expect(quote(`is hunter2${hidden}secret.`)).toBe("is ***.");
  }
});

test("a secret that the cut would halve is masked whole", () => {
  for (let before = 170; before <= 205; before++) {
    expect(quote(`${"x".repeat(before)}hunter2secret${"y".repeat(100)}`)).not.toMatch(/h(u|$|…)/);
  }
});

test("whatever a camera says is one line of at most 200 characters that can be seen", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2000, size: "max" }), (words) => {
      const quoted = quote(words);
      expect([...quoted].length).toBeLessThanOrEqual(200);
      expect(quoted).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 25 },
  );
  expect(quote("Not\tFound\r\n")).toBe("Not Found ");
  expect(quote("\u{1f4f7}".repeat(300))).toBe(`${"\u{1f4f7}".repeat(199)}…`);
});
