import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../tests/support/browser.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const MP4 = "/api/1/camera/front-door.preview.20261124.1433.mp4";
let store: StoreFixture;
let api: ApiFixture;
let otherSite: Server;
let origin: string;
let browser: Browser;

beforeAll(async () => {
  store = new StoreFixture();
  store.minute("front-door", "20261124.1433");
  api = await new ApiFixture(store).start();
  otherSite = createServer((_req, res) => res.setHeader("Content-Type", "text/html").end("<title>another</title>"));
  await new Promise<void>((resolve) => otherSite.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(otherSite.address() as AddressInfo).port}`;
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  otherSite.close();
  await api.stop();
  store.remove();
});
beforeEach(() => allow());

function allow(...allowedOrigins: string[]): void {
  store.config.change({ api: { ...store.config.current.api, allowedOrigins } });
}

/** What a script of the other site gets when it reads a part of the video, and when it tries to change something. */
async function askFromOtherSite(): Promise<unknown> {
  const page = await browser.newPage();
  try {
    await page.goto(origin);
    return await page.evaluate(async (url) => {
      try {
        const answer = await fetch(url, { headers: { Range: "bytes=0-9", "If-Match": "*" } });
        const { byteLength } = await answer.arrayBuffer();
        const [tag, range] = [answer.headers.get("ETag"), answer.headers.get("Content-Range")];
        return { status: answer.status, byteLength, range, hasTag: tag !== null };
      } catch {
        return "blocked";
      }
    }, `${api.url}${MP4}`);
  } finally {
    await page.close();
  }
}

describe("api.allowedOrigins", () => {
  const seen = { status: 206, byteLength: 10, range: "bytes 0-9/5000", hasTag: true };

  it("is empty unless told: a browser lets no other site read", async () => {
    expect(await askFromOtherSite()).toBe("blocked");
    const { headers } = await api.get(MP4, { Origin: origin });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("lets the scripts of a site read, resume and revalidate, from the moment that the configuration says so", async () => {
    allow("https://elsewhere.example");
    expect(await askFromOtherSite()).toBe("blocked");
    allow("https://elsewhere.example", origin);
    expect(await askFromOtherSite()).toEqual(seen);
    allow("*");
    expect(await askFromOtherSite()).toEqual(seen);
  });

  it("tells caches that the answer depends on the origin, errors too", async () => {
    allow("https://elsewhere.example", origin);
    for (const path of ["/api/1/days", "/api/1/nothing", MP4]) {
      expect((await api.get(path)).headers.vary, path).toContain("Origin");
      const { headers } = await api.get(path, { Origin: origin });
      expect(headers["access-control-allow-origin"], path).toBe(origin);
      expect(headers["access-control-allow-credentials"]).toBeUndefined();
    }
  });

  it("opens the API and nothing else, and lets nobody change anything", async () => {
    allow("*");
    for (const path of ["/", "/admin/queues"]) {
      expect((await api.get(path, { Origin: origin })).headers["access-control-allow-origin"], path).toBeUndefined();
    }
    for (const method of ["POST", "PUT", "DELETE"]) {
      const reply = await api.get("/admin/queues/api/queues/convert/pause", { Origin: origin }, method);
      expect(reply.status).toBe(403);
    }
    const headers = { Origin: origin, "Access-Control-Request-Method": "DELETE" };
    const preflight = await api.get("/api/1/days", headers, "OPTIONS");
    expect(preflight).toMatchObject({ status: 204, headers: { "access-control-allow-methods": "GET, HEAD" } });
  });
});

describe("what another web site asks for through the visitor's browser", () => {
  const foreign = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image" };
  const link = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
  const status = async (path: string, headers: Record<string, string>) => (await api.get(path, headers)).status;

  it("is refused below /api/ and of Bull Board, unless it is a link that is followed, or the configuration allows it", async () => {
    for (const path of [MP4, "/api/1/days", "/api/1/events", "/api/1/camera/front-door/range.mp4?start=x"]) {
      expect(await status(path, foreign), path).toBe(403);
    }
    expect(await status("/Admin/queues/api/queues", foreign)).toBe(403);
    expect(await status(MP4, { ...foreign, Origin: origin, "Sec-Fetch-Mode": "cors" })).toBe(403);
    expect(await status(MP4, link)).toBe(200);
    expect(await status(MP4, { ...link, "Sec-Fetch-Dest": "iframe" })).toBe(403);
    expect(await status(MP4, { "Sec-Fetch-Site": "same-origin" })).toBe(200);
    expect(await status(MP4, { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate" })).toBe(200);
    expect(await status("/nothing", foreign), "of the page").toBe(404);
    allow(origin);
    expect(await status(MP4, { ...foreign, Origin: origin, "Sec-Fetch-Mode": "cors" })).toBe(200);
    expect(await status(MP4, { ...foreign, Origin: "https://elsewhere.example" })).toBe(403);
    allow("*");
    expect(await status(MP4, foreign)).toBe(200);
  });

  it("is told what to set only where that would help", async () => {
    const detail = async (from: string) =>
      (await api.get(`/api/1/camera/front-door/live?origin=${encodeURIComponent(from)}`)).json().detail;
    expect(await detail("https://nvr.example")).toContain('add "nvr.example" to api.hosts');
    expect(await detail("null")).toBe("Another web site may not watch here.");
    expect(await detail("moz-extension://1234")).toBe("Another web site may not watch here.");
  });
});
