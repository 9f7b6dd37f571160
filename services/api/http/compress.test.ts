import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const DAY = "/api/1/camera/front-door/minutes?day=20261124";
let store: StoreFixture;
let api: ApiFixture;

beforeAll(async () => {
  store = new StoreFixture();
  for (let i = 10; i < 60; i++) store.minute("front-door", `20261124.00${i}`);
  store.settle("front-door", "20261124.0010");
  api = await new ApiFixture(store).start();
});
afterAll(async () => {
  await api.stop();
  store.remove();
});

it("JSON comes in brotli or gzip, as the client prefers, and is the same", async () => {
  const { text } = await api.get(DAY);
  for (const [accepted, encoding] of [
    ["gzip, deflate, br", "br"],
    ["br;q=0.5, gzip", "gzip"],
    ["gzip", "gzip"],
    ["br;q=0, gzip;q=0", undefined],
    ["zstd", undefined],
  ] as const) {
    const reply = await api.get(DAY, { "Accept-Encoding": accepted });
    expect(reply.headers["content-encoding"], accepted).toBe(encoding);
    expect(reply.headers.vary, accepted).toContain("Accept-Encoding");
    const body =
      encoding === "br" ? brotliDecompressSync(reply.body) : encoding === "gzip" ? gunzipSync(reply.body) : reply.body;
    expect(body.toString(), accepted).toBe(text);
    if (encoding !== undefined) expect(reply.body.length).toBeLessThan(text.length / 5);
  }
});

it("is the same to a cache however it is compressed: one weak tag, answered 304", async () => {
  const tags = new Set<string | undefined>();
  for (const encoding of ["br", "gzip", "identity"]) {
    const { headers } = await api.get(DAY, { "Accept-Encoding": encoding });
    tags.add(headers.etag);
    const again = await api.get(DAY, { "Accept-Encoding": encoding, "If-None-Match": headers.etag as string });
    expect(again).toMatchObject({ status: 304, text: "" });
  }
  expect(tags.size).toBe(1);
});

it("an envelope is the same as long as what it holds is, whatever its date", async () => {
  const first = await api.get("/api/1/cameras/20261124");
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const tag = { "If-None-Match": first.headers.etag as string };
  expect((await api.get("/api/1/cameras/20261124", tag)).status).toBe(304);
  expect((await api.get("/api/1/cameras/20261125", tag)).status).toBe(200);
});
