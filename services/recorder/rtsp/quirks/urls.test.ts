import { describe, expect, test } from "vitest";
import { describing, open, serve, sessionAt, strict, urlsOf } from "../../testing/odd-camera.ts";
import { answer } from "../../testing/scripted-server.ts";
import { RtspMemory } from "../rtsp-memory.ts";

describe("URLs of SETUP and PLAY", () => {
  test.each([
    [
      "Dahua: the track behind the query",
      "/cam?c=1",
      (h: string) => describing({ "Content-Base": `${h}/cam?c=1/` }, "a=control:*", "a=control:trackID=0"),
      "/cam?c=1/trackID=0",
      "/cam?c=1/",
    ],
    [
      "Dahua DSS (gortsplib #121): the same behind a token",
      "/dss/p%241?token=6&trackID=0",
      (h: string) =>
        describing({ "Content-Base": `${h}/dss/p%241?token=6&trackID=0` }, "a=control:*", "a=control:trackID=0"),
      "/dss/p%241?token=6&trackID=0/trackID=0",
      undefined,
    ],
    [
      "Hikvision: absolute controls, each with its query",
      "/101",
      (h: string) =>
        describing({ "Content-Base": `${h}/101/` }, `a=control:${h}/101/?m=u`, `a=control:${h}/101/trackID=1?m=u`),
      "/101/trackID=1?m=u",
      "/101/?m=u",
    ],
    [
      "AXIS Companion (mediamtx #683): PLAY with the query of the presentation's control",
      "/media.amp",
      (h: string) =>
        describing(
          { "Content-Base": `${h}/media.amp/` },
          `a=control:${h}/media.amp?Axis-Orig-Sw=true`,
          `a=control:${h}/media.amp/stream=0?Axis-Orig-Sw=true`,
        ),
      "/media.amp/stream=0?Axis-Orig-Sw=true",
      "/media.amp?Axis-Orig-Sw=true",
    ],
    [
      "relative tracks below an absolute control of the presentation (as ffmpeg and live555)",
      "/a",
      (h: string) => describing({ "Content-Base": `${h}/wrong/` }, `a=control:${h}/right`, "a=control:track1"),
      "/right/track1",
      "/right",
    ],
    [
      "VStarcam (retina #9, #10): no control of the presentation, no Content-Base",
      "/tcp/av0_0",
      () => describing({}, "", "a=control:track0"),
      "/tcp/av0_0/track0",
      "/tcp/av0_0",
    ],
    [
      "SV3C (moonfire-nvr #356): Content-Base without a scheme",
      "/stream0",
      (h: string) => describing({ "Content-Base": `${h.slice(7)}/ch0/` }, "a=control:*", "a=control:t"),
      "/ch0/t",
      "/ch0/",
    ],
    [
      "icamra (go2rtc #208): Content-Base with its scheme twice",
      "/stream1",
      (h: string) => describing({ "Content-Base": `rtsp://${h}/stream1/` }, "a=control:*", "a=control:t"),
      "/stream1/t",
      "/stream1/",
    ],
    [
      "monibuca #58: Content-Base that is only a slash",
      "/live",
      () => describing({ "Content-Base": "/" }, "a=control:*", "a=control:t"),
      "/live/t",
      "/live",
    ],
    [
      "Beward (OvenMediaEngine #1245): Content-Base without its last slash",
      "/av0_1",
      (h: string) => describing({ "Content-Base": `${h}/av0_1` }, "", "a=control:trackID=1"),
      "/av0_1/trackID=1",
      "/av0_1",
    ],
    [
      "GW Security (retina PR #12): the track by RFC 3986",
      "/cam/real?c=1",
      () => describing({}, "a=control:*", "a=control:trackID=0"),
      "/cam/trackID=0",
      undefined,
    ],
    [
      "the query last",
      "/live?profile=1",
      () => describing({}, "a=control:*", "a=control:track1"),
      "/live/track1?profile=1",
      undefined,
    ],
    [
      "PLAY only without the slash",
      "/live",
      (h: string) => describing({ "Content-Base": `${h}/x/` }, "a=control:*", "a=control:t"),
      "/x/t",
      "/x",
    ],
    ["PLAY only with the slash", "/live", () => describing({}, "a=control:*", "a=control:t"), "/live/t", "/live/"],
    ["PLAY only of the track", "/live", () => describing({}, "a=control:*", "a=control:t"), "/live/t", "/live/t"],
    ["a track without control", "/live", () => describing({}, "a=control:*", "a=x"), "/live", "/live"],
    [
      "Content-Location where Content-Base is empty",
      "/live",
      () => describing({ "Content-Base": "", "Content-Location": "/other/" }, "", "a=control:t"),
      "/other/t",
      "/other/",
    ],
  ] as const)("%s", async (_, path, describe, setup, play) => {
    const server = await serve(strict(describe, setup, play));
    await open(server.url.replace("/live", path));
    expect(urlsOf(server, "SETUP").at(-1)).toBe(setup);
    if (play !== undefined) expect(urlsOf(server, "PLAY").at(-1)).toBe(play);
  });

  test("the form that a camera took is what its next session begins with", async () => {
    const server = await serve(strict(() => describing({}, "a=control:*", "a=control:t"), "/t", "/live/"));
    const memory = new RtspMemory();
    await open(server.url, { memory });
    const asked = server.requests.length;
    await open(server.url, { memory });
    expect(server.requests.slice(asked).map(({ method }) => method)).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    expect([urlsOf(server, "SETUP").at(-1), urlsOf(server, "PLAY").at(-1)]).toEqual(["/t", "/live/"]);
  });

  test("a form that it takes no more is not insisted on", async () => {
    let place = "/t";
    const server = await serve((request) =>
      strict(() => describing({}, "a=control:*", "a=control:t"), place, "/live/")(request),
    );
    const memory = new RtspMemory();
    await open(server.url, { memory });
    place = "/live/t";
    await open(server.url, { memory });
    expect(memory.setupUrl).toBe(`${server.url}/t`);
  });

  test("a camera that takes none of them is refused with its first answer, and not asked without end", async () => {
    const server = await serve(({ method }) => (method === "SETUP" ? answer("404 No") : "well"));
    await expect(sessionAt(server.url).session.open()).rejects.toThrow("404 No to SETUP");
    expect(urlsOf(server, "SETUP").length).toBeLessThanOrEqual(6);
    expect(new Set(urlsOf(server, "SETUP")).size).toBe(urlsOf(server, "SETUP").length);
  });

  test("a password that the camera puts into its URLs is not sent back in them", async () => {
    const server = await serve(
      strict(
        (h) =>
          describing(
            { "Content-Base": h.replace("//", "//u:hunter2@") },
            "a=control:*",
            `a=control:${h.replace("//", "//u:hunter2@")}/t`,
          ),
        "/t",
      ),
    );
    await open(server.url);
    expect(server.requests.map((one) => one.head).join()).not.toContain("hunter2");
  });
});
