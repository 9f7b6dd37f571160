import { describe, expect, test } from "vitest";
import { describing, open, serve, sessionAt, urlsOf } from "../../testing/odd-camera.ts";
import { answer, goodAnswer, type ScriptedServer, until } from "../../testing/scripted-server.ts";

describe("redirects", () => {
  test.each(["301 Moved", "302 Moved", "303 See Other", "305 Use Proxy", "307 Temporary"])(
    "%s to any request",
    async (status) => {
      for (const method of ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]) {
        const second = await serve(() => "well");
        const first = await serve((request) =>
          request.method === method ? answer(status, { Location: second.url }) : "well",
        );
        await open(first.url);
        expect(second.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
      }
    },
  );

  test("mediamtx PR #4260: to a path on the same camera", async () => {
    const server = await serve(({ method, url }) =>
      method === "DESCRIBE" && url.endsWith("/live") ? answer("302 Moved", { Location: "/elsewhere" }) : "well",
    );
    await open(server.url);
    expect(urlsOf(server, "PLAY")).toEqual(["/elsewhere/"]);
  });

  test("REDIRECT of the camera (RFC 2326 §10.10) is followed while it opens, and ends an open session", async () => {
    const redirect = (url: string) => `REDIRECT * RTSP/1.0\r\nCSeq: 9\r\nLocation: ${url}\r\n\r\n`;
    const second = await serve(() => "well");
    const first = await serve(({ method }, socket) => {
      if (method !== "SETUP") return "well";
      socket.write(redirect(second.url));
      return undefined;
    });
    const { heard } = await open(first.url);
    expect(first.answers).toEqual([expect.stringMatching(/^RTSP\/1.0 200 OK\r\nCSeq: 9/)]);
    for (const socket of second.sockets) socket.write(redirect(first.url));
    await until(() => heard.closings.length > 0);
    expect(heard.closings[0]).toMatchObject({
      name: "CameraAwayError",
      message: expect.stringMatching(/another address/),
    });
  });
});

describe("user and password", () => {
  const CHALLENGE = { "WWW-Authenticate": 'Basic realm="x"' };
  const basic = `Basic ${Buffer.from("admin:s3cret").toString("base64")}`;
  const withUser = (server: ScriptedServer) => server.url.replace("//", "//admin:s3cret@");
  /** A camera that refuses everything without user and password. */
  const closed = () =>
    serve((request) => (request.authorization === basic ? goodAnswer(request) : answer("401 No", CHALLENGE)));
  const redirecting = (location: () => string) =>
    serve(({ method }) => (method === "DESCRIBE" ? answer("302 Moved", { Location: location() }) : "well"));
  const authorizations = (server: ScriptedServer) => server.requests.flatMap((request) => request.authorization ?? []);

  test("are not sent to another host that a camera redirects to, and the refusal says what to do", async () => {
    const other = await closed();
    const first = await redirecting(() => other.url);
    await expect(sessionAt(withUser(first)).session.open()).rejects.toMatchObject({
      name: "CameraRefusedError",
      message: "401 No to OPTIONS, by 127.0.0.1, to which the camera redirects",
      advice: expect.stringMatching(/redirectHosts/),
    });
    expect(other.requests.length).toBeGreaterThan(0);
    expect(authorizations(other)).toEqual([]);
  });

  test("are not sent there by Digest either, nor after a REDIRECT request", async () => {
    const other = await serve(() => answer("401 No", { "WWW-Authenticate": 'Digest realm="x", nonce="n"' }));
    const first = await serve(({ method }, socket) => {
      if (method !== "DESCRIBE") return "well";
      socket.write(`REDIRECT * RTSP/1.0\r\nCSeq: 9\r\nLocation: ${other.url}\r\n\r\n`);
      return undefined;
    });
    await expect(sessionAt(withUser(first)).session.open()).rejects.toThrow(/401/);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(authorizations(other)).toEqual([]);
  });

  test("a camera that is known by user and password on the first host is played from the other without", async () => {
    const other = await serve(() => "well");
    const first = await serve((request) => {
      if (request.authorization !== basic) return answer("401 No", CHALLENGE);
      return request.method === "DESCRIBE" ? answer("302 Moved", { Location: other.url }) : "well";
    });
    await open(withUser(first));
    expect(other.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    expect(authorizations(other)).toEqual([]);
  });

  test("are sent to a host of redirectHosts", async () => {
    const other = await closed();
    const first = await redirecting(() => other.url);
    await open(withUser(first), { redirectHosts: [`127.0.0.1:${other.port}`] });
    expect(authorizations(other).length).toBeGreaterThan(0);
  });

  test("are sent to the configured host when another one redirects back to it", async () => {
    const second = await redirecting(() => first.url.replace("/live", "/back"));
    const first: ScriptedServer = await serve((request) => {
      if (request.method === "DESCRIBE" && request.url.endsWith("/live"))
        return answer("302 M", { Location: second.url });
      return request.authorization === basic ? "well" : answer("401 No", CHALLENGE);
    });
    await open(withUser(first));
    expect(first.methods.at(-1)).toBe("PLAY");
    expect(authorizations(second)).toEqual([]);
  });

  test("are sent to the address of the configured name when the camera redirects to that", async () => {
    const first: ScriptedServer = await serve((request) => {
      if (request.authorization !== basic) return answer("401 No", CHALLENGE);
      const isNamed = request.url.includes("localhost");
      return request.method === "DESCRIBE" && isNamed ? answer("302 M", { Location: first.url }) : "well";
    });
    await open(withUser(first).replace("127.0.0.1", "localhost"));
    expect(first.requests.at(-1)).toMatchObject({ method: "PLAY", authorization: basic });
    expect(first.requests.at(-1)?.url).toContain("127.0.0.1");
  });

  test("in a Location are the camera's words, and used for nothing", async () => {
    const other = await closed();
    const first = await redirecting(() => withUser(other));
    for (const url of [first.url, withUser(first)]) await expect(sessionAt(url).session.open()).rejects.toThrow(/401/);
    expect(authorizations(other)).toEqual([]);
    expect(other.requests.every(({ url }) => !url.includes("@"))).toBe(true);
  });

  test("stay on the connection to the configured host when Content-Base and a=control name another", async () => {
    const other = await serve(() => "well");
    const first = await serve((request) => {
      if (request.authorization === undefined) {
        return answer("401 No", { "WWW-Authenticate": 'Digest realm="x", nonce="n"' });
      }
      if (request.method !== "DESCRIBE") return "well";
      return describing({ "Content-Base": `${other.url}/` }, `a=control:${other.url}`, `a=control:${other.url}/track1`);
    });
    await open(withUser(first));
    expect(first.methods.at(-1)).toBe("PLAY");
    expect(other.requests).toEqual([]);
    expect(other.sockets.size).toBe(0);
  });

  test("a Location with blanks or control characters leads nowhere", async () => {
    for (const location of [
      "rtsp://127.0.0.1:1/a b",
      "rtsp://127.0.0.1:1/a\rAuthorization: x",
      "rtsp://h\x00.example/",
    ]) {
      const first = await redirecting(() => location);
      await expect(sessionAt(withUser(first)).session.open()).rejects.toThrow(/no RTSP URL/);
    }
  });
});
