import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { ApiConfig } from "../../../shared/config/config.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { type ProxyOptions, ReverseProxy } from "../testing/reverse-proxy.ts";

let store: StoreFixture;
let api: ApiFixture;
let proxy: ReverseProxy;

beforeAll(() => {
  store = new StoreFixture();
});
afterEach(async () => {
  await proxy.stop();
  await api.stop();
});
afterAll(() => store.remove());

/** Whether a page behind a proxy may watch, or else which setting the refusal recommends. */
test.each<[string, string, ProxyOptions, Partial<ApiConfig>, RegExp | undefined]>([
  ["Host is $proxy_host", "https://nvr.example", { host: upstream }, {}, /add "nvr\.example" to api\.hosts/],
  ["Host is $proxy_host", "https://nvr.example", { host: upstream }, { hosts: ["nvr.example"] }, undefined],
  [
    "Host is $proxy_host",
    "https://nvr.example:8443",
    { host: upstream },
    { hosts: ["nvr.example"] },
    /add "nvr\.example:8443"/,
  ],
  ["Host is $host", "http://nvr.example:8443", { host: nameOnly }, {}, /421/],
  [
    "Host is $host",
    "http://nvr.example:8443",
    { host: nameOnly },
    { hosts: ["nvr.example"] },
    /add "nvr\.example:8443"/,
  ],
  ["Host is $host", "http://nvr.example:8443", { host: nameOnly }, { hosts: ["nvr.example:8443"] }, undefined],
  ["Host is $http_host", "http://nvr.example:8443", { host: unchanged }, { hosts: ["nvr.example"] }, undefined],
  [
    "the name is rewritten",
    "https://nvr.example",
    { host: () => "hindsight.internal" },
    { hosts: ["hindsight.internal"] },
    /add "nvr\.example"/,
  ],
  [
    "the name is rewritten",
    "https://nvr.example",
    { host: () => "hindsight.internal" },
    { hosts: ["hindsight.internal", "nvr.example"] },
    undefined,
  ],
  [
    "X-Forwarded-Host is sent",
    "https://nvr.example:8443",
    { host: upstream, headers: forwarded("https") },
    { hosts: ["nvr.example"] },
    /add "nvr\.example:8443"/,
  ],
  [
    "X-Forwarded-Host is sent",
    "https://nvr.example:8443",
    { host: upstream, headers: forwarded("https") },
    { hosts: ["nvr.example"], trustedProxies: ["127.0.0.0/8"] },
    undefined,
  ],
  [
    "X-Forwarded-Host is sent",
    "https://nvr.example:8443",
    { host: upstream, headers: forwarded("https") },
    { trustedProxies: ["127.0.0.1"] },
    /421/,
  ],
  [
    "X-Forwarded-Proto is wrong",
    "https://nvr.example:8443",
    { host: upstream, headers: forwarded("http") },
    { hosts: ["nvr.example"], trustedProxies: ["127.0.0.1"] },
    /X-Forwarded-Proto, instead of "http"/,
  ],
  [
    "X-Forwarded-Proto is wss, as from Traefik",
    "https://nvr.example:8443",
    { host: unchanged, headers: forwarded("wss") },
    { hosts: ["nvr.example"], trustedProxies: ["127.0.0.1"] },
    undefined,
  ],
  [
    "X-Forwarded-Proto is ws, as from Traefik",
    "https://nvr.example:8443",
    { host: unchanged, headers: forwarded("ws") },
    { hosts: ["nvr.example"], trustedProxies: ["127.0.0.1"] },
    /X-Forwarded-Proto, instead of "http"/,
  ],
  [
    "Upgrade is not passed on",
    "https://nvr.example",
    { host: upstream, dropsUpgrades: true },
    { hosts: ["nvr.example"] },
    /426/,
  ],
])(
  "behind a proxy, %s, a page of %s may watch once the right key is set",
  async (_how, origin, proxied, settings, refusal) => {
    const plain = { ...store.config.current.api, hosts: [], trustedProxies: [] };
    store.config.change({ api: { ...plain, ...settings } });
    api = await new ApiFixture(store, { hasLiveViews: true }).start();
    proxy = await new ReverseProxy(api.port, proxied).start();
    const answer: { text: string } = { text: "" };
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/api/1/camera/front-door/live`, {
      headers: { Host: new URL(origin).host, Origin: origin },
    });
    await new Promise<void>((resolve) => {
      socket.once("open", resolve);
      socket.once("unexpected-response", (_request, response) => {
        text(response).then((body) => {
          answer.text = `${response.statusCode} ${JSON.parse(body).detail}`;
          resolve();
        });
      });
      socket.once("error", () => resolve());
    });
    if (refusal === undefined) expect([socket.readyState, answer.text]).toEqual([WebSocket.OPEN, ""]);
    else expect(answer.text).toMatch(refusal);
    if (answer.text.startsWith("403"))
      expect(api.log.map((line) => JSON.parse(line).message).join()).toMatch(refusal as RegExp);
    socket.terminate();
  },
);

function upstream(_asked: string, to: string): string {
  return to;
}

function unchanged(host: string): string {
  return host;
}

function nameOnly(host: string): string {
  return host.replace(/:\d+$/, "");
}

function forwarded(protocol: string) {
  return (host: string, client: string) => ({
    "X-Forwarded-For": client,
    "X-Forwarded-Host": host,
    "X-Forwarded-Proto": protocol,
  });
}
