import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { HOUR_MS, iso, MINUTE_MS, PageFixture, screenshot } from "./testing/page-fixture.ts";

/** Checks the page's states, light and dark, with axe-core (WCAG 2.2 A and AA, and its best practices). */

const noonMs = Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 12 * HOUR_MS;
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let fixture: PageFixture;

beforeAll(async () => {
  fixture = await PageFixture.start(["front-door", "yard"]);
  for (let timeMs = noonMs - 10 * MINUTE_MS; timeMs < noonMs + 10 * MINUTE_MS; timeMs += MINUTE_MS) {
    fixture.writeMinute("front-door", timeMs);
    if (timeMs >= noonMs) fixture.writeMinute("yard", timeMs);
  }
}, 120_000);

afterEach(async () => {
  expect(await fixture.closePages()).toEqual([]);
});

afterAll(() => fixture?.close());

/** What axe finds, shortened to what is needed to find it again. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

const MARKS = `&in=${iso(noonMs - MINUTE_MS)}&out=${iso(noonMs + MINUTE_MS)}`;

test.for(["light", "dark"] as const)(
  "nothing is wrong in %s: overview, footage, marks, help, mistyped time, trouble",
  async (colorScheme) => {
    const page = await fixture.open("#/", { colorScheme });
    await page.locator(".card-picture img").first().waitFor();
    expect(await violations(page)).toEqual([]);

    await page.goto(`${fixture.api.url}/#/watch/front-door,yard?t=${iso(noonMs)}&w=1200${MARKS}`);
    await page.locator(".picture video.shown").waitFor();
    await page.locator(".take-away [data-exact]").first().waitFor();
    expect(await violations(page)).toEqual([]);

    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await screenshot(page, `help-${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.getByLabel("Go to a date and time").fill("half past");
    await page.keyboard.press("Enter");
    await page.getByText("is not understood").waitFor();
    expect(await violations(page)).toEqual([]);
    await screenshot(page, `mistyped-${colorScheme}`);

    fixture.refused.add("yard");
    await page.goto(`${fixture.api.url}/#/`);
    await page.getByRole("region", { name: "What needs attention" }).waitFor();
    expect(await violations(page)).toEqual([]);
    fixture.refused.clear();
    await page.getByText("All well").waitFor();
  },
);

test("nothing is wrong on a phone", async () => {
  const page = await fixture.open(`#/watch/front-door,yard?t=${iso(noonMs)}&w=1200${MARKS}`, PHONE);
  await page.locator(".picture video.shown").waitFor();
  await page.locator(".take-away [data-exact]").first().waitFor();
  expect(await violations(page)).toEqual([]);
});

test("Tab goes through the footage in the order of what is seen, and shows where it is", async () => {
  const page = await fixture.open(`#/watch/front-door,yard?t=${iso(noonMs)}&w=1200${MARKS}`);
  await page.locator(".picture video.shown").waitFor();
  await page.locator(".take-away [data-exact]").first().waitFor();
  const seen: { label: string; y: number; isOutlined: boolean }[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return undefined;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return {
        label: element.getAttribute("aria-label") ?? element.textContent ?? "",
        y: element.getBoundingClientRect().y,
        isOutlined: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
      };
    });
    if (focused === undefined) break;
    seen.push(focused);
  }
  expect(seen.filter(({ isOutlined }) => !isOutlined)).toEqual([]);
  const places = [
    "Cameras",
    "The day before",
    "Go on with yard at this time",
    "Play",
    "Zoom in",
    "Start of what",
    "All in a zip",
  ];
  const found = places.map((place) => seen.findIndex(({ label }) => label.trim().startsWith(place)));
  expect(found.every((place) => place >= 0)).toBe(true);
  expect(found).toEqual([...found].sort((a, b) => a - b));
});
