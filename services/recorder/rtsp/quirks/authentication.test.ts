import { describe, expect, test } from "vitest";
import { open, serve, sessionAt } from "../../testing/odd-camera.ts";
import { answer, type ScriptedServer, until } from "../../testing/scripted-server.ts";

describe("authentication", () => {
  const challenge = 'Digest realm="cam", nonce="n1"';
  const withUser = (server: ScriptedServer) => server.url.replace("//", "//admin:s3cret@");

  test("a camera that closes the connection with its 401 gets user and password at once on the next", async () => {
    const server = await serve((request, socket) => {
      if (request.authorization !== undefined) return "well";
      socket.end(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${request.cseq}\r\nWWW-Authenticate: ${challenge}\r\n\r\n`);
      return undefined;
    });
    await open(withUser(server));
    expect(server.requests[0]?.authorization).toBeUndefined();
    expect(server.methods.slice(-4)).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    expect(server.requests.slice(1).every((one) => one.authorization !== undefined)).toBe(true);
  });

  test("with a wrong password such a camera is refused as such, after two tries", async () => {
    const server = await serve((request, socket) => {
      socket.end(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${request.cseq}\r\nWWW-Authenticate: ${challenge}\r\n\r\n`);
      return undefined;
    });
    await expect(sessionAt(withUser(server)).session.open()).rejects.toMatchObject({
      name: "CameraRefusedError",
      message: "401 Unauthorized to OPTIONS",
      advice: expect.stringMatching(/password/),
    });
    expect(server.requests.filter((one) => one.authorization !== undefined).length).toBeLessThanOrEqual(2);
  });

  test.each(["DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER"])(
    "AXIS M5525 (SharpRTSP #126): a nonce that has gone stale at %s is renewed",
    async (method) => {
      let nonce = "n1";
      const server = await serve((request) => {
        if (request.method === method && nonce === "n1") nonce = "n2";
        if (request.authorization?.includes(`nonce="${nonce}"`)) return "well";
        return answer("401 Unauthorized", { "WWW-Authenticate": `Digest realm="cam", nonce="${nonce}"` });
      });
      const { session, heard } = await open(withUser(server));
      session.keepAlive(performance.now() + 3_600_000);
      await until(() => server.requests.at(-1)?.method === "GET_PARAMETER");
      await until(() => server.requests.at(-1)?.authorization?.includes('nonce="n2"') === true);
      expect(heard.closings).toEqual([]);
    },
  );
});
