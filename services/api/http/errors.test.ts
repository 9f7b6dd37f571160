import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

let store: StoreFixture;
let api: ApiFixture;

beforeAll(async () => {
  store = new StoreFixture();
  store.minute("front-door", "20261124.1433");
  api = await new ApiFixture(store).start();
});
afterAll(async () => {
  await api.stop();
  store.remove();
});

/** Sends text as it is; returns all that is received until the server closes the connection. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(api.port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

const rest = "Host: localhost\r\nConnection: close\r\n\r\n";
const days = "/api/1/days";

it.each([
  [400, "no HTTP at all", "nonsense\r\n\r\n"],
  [400, "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  [400, "no Host", `GET ${days} HTTP/1.1\r\nConnection: close\r\n\r\n`],
  [400, "a method that nobody knows", `FETCH ${days} HTTP/1.1\r\n${rest}`],
  [400, "two lengths", `POST ${days} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n${rest}`],
  [400, "a header without an end", `GET ${days} HTTP/1.1\r\nX: a\0b\r\n${rest}`],
  [400, "a stray percent sign", `GET /api/1/cameras/%zz HTTP/1.1\r\n${rest}`],
  [404, "a stray percent sign where nothing is", `GET /%zz HTTP/1.1\r\n${rest}`],
  [404, "an odd target", `GET * HTTP/1.1\r\n${rest}`],
  [404, "an address of 15 kB", `GET /${"a".repeat(15_000)} HTTP/1.1\r\n${rest}`],
  [431, "an address of 40 kB", `GET /${"a".repeat(40_000)} HTTP/1.1\r\n${rest}`],
  [431, "headers of 40 kB", `GET ${days} HTTP/1.1\r\nX: ${"a".repeat(40_000)}\r\n${rest}`],
  [405, "a body", `POST ${days} HTTP/1.1\r\nContent-Length: 3\r\n${rest}abc`],
  [405, "TRACE", `TRACE ${days} HTTP/1.1\r\n${rest}`],
  [400, "a tunnel", `CONNECT elsewhere.example:443 HTTP/1.1\r\n${rest}`],
  [400, "an absolute address of nothing", `GET http:// HTTP/1.1\r\n${rest}`],
  [400, "an address of another kind", `GET a://b HTTP/1.1\r\n${rest}`],
  [400, "an address with a fragment", `GET ${days}#x HTTP/1.1\r\n${rest}`],
  [404, "an address that is no URI", `GET //[/x HTTP/1.1\r\n${rest}`],
  [400, "an address with a fragment and an expectation", `GET ${days}#x HTTP/1.1\r\nExpect: the-unexpected\r\n${rest}`],
  [404, "an expectation", `GET /nothing HTTP/1.1\r\nExpect: the-unexpected\r\n${rest}`],
  [
    416,
    "a range past the end",
    `GET /api/1/camera/front-door.preview.20261124.1433.mp4 HTTP/1.1\r\nRange: bytes=9999-\r\n${rest}`,
  ],
])("%i with a problem is the answer to %s", async (status, _what, request) => {
  const answer = await raw(request);
  const [head, body] = answer.split("\r\n\r\n") as [string, string];
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toMatch(/^content-type: application\/problem\+json\r?$/im);
  if (status === 405) expect(head).toMatch(/^allow: GET, HEAD\r?$/im);
  expect(JSON.parse(body)).toMatchObject({ status, type: expect.stringMatching(/^urn:hindsight:problem:/) });
});

it.each(["#x", "/nothing", "?limit=x"])("a problem with %s has no body when HEAD asks", async (end) => {
  const [head, ...body] = (await raw(`HEAD ${days}${end} HTTP/1.1\r\n${rest}`)).split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 40\d /);
  expect(body).toEqual([""]);
});

it("a disk that fails is no fault of ours: 503, with its reason", async () => {
  const failing = await new ApiFixture(store, {
    board: () => {
      throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", syscall: "read" });
    },
  }).start();
  const { status, body } = await failing.get("/admin/queues/");
  await failing.stop();
  expect(status).toBe(503);
  expect(JSON.parse(body.toString())).toMatchObject({ detail: expect.stringContaining("cannot be read (EIO)") });
  expect(failing.log.join()).toContain("what was asked for cannot be read");
});
