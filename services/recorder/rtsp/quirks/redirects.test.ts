import { describe, expect, test } from "vitest";
import { open, serve, urlsOf } from "../../testing/odd-camera.ts";
import { answer, until } from "../../testing/scripted-server.ts";

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
