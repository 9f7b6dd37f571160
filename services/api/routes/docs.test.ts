import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../tests/support/browser.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { openApiDocument } from "../openapi/document.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

let store: StoreFixture;
let api: ApiFixture;
let browser: Browser;

beforeAll(async () => {
  store = new StoreFixture();
  api = await new ApiFixture(store).start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await api.stop();
  store.remove();
});

describe("/api/1/docs", () => {
  it("shows every endpoint, from here alone and within the api's own policy", async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(api.url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    store.write(join(api.parts.pageFolder, "icon.svg"), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await page.goto(`${api.url}/api/1/docs`);
    await page.waitForSelector(".opblock");
    const shown = await page.locator(".opblock-summary-path").allInnerTexts();
    // Swagger UI inserts zero-width spaces into long paths, as possible line breaks.
    expect(shown.map((path) => path.replace(/\u200b/g, "")).sort()).toEqual(
      Object.keys(openApiDocument("1").paths ?? {}).sort(),
    );
    await page.locator("#operations-System-readSystem .opblock-summary-control").click();
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    const status = page.locator(".live-responses-table tr.response .response-col_status").first();
    await status.waitFor();
    expect(await status.textContent()).toContain("200");
    expect({ complaints, elsewhere }).toEqual({ complaints: [], elsewhere: [] });
    await page.close();
  });
});
