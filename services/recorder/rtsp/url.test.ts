import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRtspUrl, resolveBase, resolveControl } from "./url.ts";

describe("parseRtspUrl (RFC 2326 §3.2)", () => {
  test("asks for path and query exactly as the user wrote them, without user and password", () => {
    const url = parseRtspUrl("rtsp://admin:secret@192.0.2.10:8554/cam/realmonitor?channel=1&subtype=0#x");
    expect(url).toEqual({
      secure: false,
      host: "192.0.2.10",
      port: 8554,
      request: "rtsp://192.0.2.10:8554/cam/realmonitor?channel=1&subtype=0#x",
      user: "admin",
      password: "secret",
    });
  });

  test("the port is 554, or 322 for rtsps, when none is named", () => {
    expect(parseRtspUrl("rtsp://h/a").port).toBe(554);
    expect(parseRtspUrl("RTSPS://h/a")).toMatchObject({ port: 322, secure: true, request: "rtsps://h/a" });
    expect(parseRtspUrl("rtsp://h")).toEqual({ secure: false, host: "h", port: 554, request: "rtsp://h" });
    expect(parseRtspUrl("rtsp://h?x=1").request).toBe("rtsp://h?x=1");
  });

  test.each([
    ["p@ss", "rtsp://u:p@ss@h/a"],
    ["p@@s@", "rtsp://u:p@@s@@h/a"],
    ["p/ss", "rtsp://u:p/ss@h/a"],
    ["/", "rtsp://u:/@h/a"],
    ["p:s:", "rtsp://u:p:s:@h/a"],
    ["p#ss", "rtsp://u:p#ss@h/a"],
    ["p?ss", "rtsp://u:p?ss@h/a"],
    ["100%", "rtsp://u:100%@h/a"],
    ["100%", "rtsp://u:100%25@h/a"],
    ["a@b/c", "rtsp://u:a%40b%2Fc@h/a"],
    ["pä€ss", "rtsp://u:pä€ss@h/a"],
    ["", "rtsp://u:@h/a"],
    ["", "rtsp://u@h/a"],
  ])("understands the password %s of %s", (password, text) => {
    expect(parseRtspUrl(text)).toMatchObject({ user: "u", password, host: "h", request: "rtsp://h/a" });
  });

  test("an @ in the path or query of a URL without user is none of a password", () => {
    expect(parseRtspUrl("rtsp://h:554/user=admin@x/1")).toMatchObject({
      host: "h",
      request: "rtsp://h:554/user=admin@x/1",
    });
    expect(parseRtspUrl("rtsp://h?user=a@b").user).toBeUndefined();
    expect(parseRtspUrl("rtsp://u:p@h/a@b")).toMatchObject({ host: "h", password: "p", request: "rtsp://h/a@b" });
  });

  test("IPv6 hosts lose their brackets for connecting and keep them for asking", () => {
    expect(parseRtspUrl("rtsp://u:p@[2001:db8::1]:8554/a")).toMatchObject({
      host: "2001:db8::1",
      port: 8554,
      request: "rtsp://[2001:db8::1]:8554/a",
      password: "p",
    });
  });

  test.each([
    ["rtsp://u:p@[fe80::1%eth0]:8554/a%20b", "fe80::1%eth0"],
    ["rtsp://u:p@[fe80::1%25eth0]:8554/a%20b", "fe80::1%eth0"],
    ["rtsp://u:p%25@[fe80::1%25en%2Fx.2]:8554/a%20b", "fe80::1%en/x.2"],
    ["rtsp://[fe80::1%3]:8554/a%20b", "fe80::1%3"],
  ])("the zone of %s is for connecting, and means nothing to the camera (RFC 6874)", (text, host) => {
    expect(parseRtspUrl(text)).toMatchObject({ host, port: 8554, request: "rtsp://[fe80::1]:8554/a%20b" });
  });

  test.each([
    "http://u:hunter2@h/a",
    "rtsp:/u:hunter2@h",
    "rtsp://u:hunter2@/a",
    "rtsp://u:hunter2@h:0/a",
    "rtsp://u:hunter2@h:65536/a",
    "rtsp://u:hunter2@h:99999999/a",
    "rtsp://u:hunter2@h h/a",
    "rtsp://u:hunter2@h/a\r\nX: y",
    "rtsp://u:hunter2@[::1/a",
    "",
  ])("refuses %s without quoting it", (text) => {
    expect(() => parseRtspUrl(text)).toThrow(TypeError);
    expect(() => parseRtspUrl(text)).not.toThrow(/hunter2/);
  });

  test("whatever is given, it is a URL or a TypeError that holds none of it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `rtsp://${rest}`),
        ),
        fc.stringMatching(/^[a-z]{24}$/),
        (text, secret) => {
          try {
            const url = parseRtspUrl(`${text}${secret}`);
            expect(url.request).toMatch(/^rtsps?:\/\/\S/);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            expect(String(error)).not.toContain(secret);
          }
        },
      ),
    );
  });

  test("percent-encoded, every user and every password comes back, for every kind of host", () => {
    const host = fc.constantFrom("h", "192.0.2.1", "camera.example", "[2001:db8::1]", "h:8554", "[::1]:1");
    const path = fc.constantFrom("", "/", "/a?b=c@d", "/Streaming/Channels/101", "?x");
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), host, path, (user, password, authority, rest) => {
        const text = `rtsp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${authority}${rest}`;
        expect(parseRtspUrl(text)).toMatchObject({ user, password, request: `rtsp://${authority}${rest}` });
      }),
    );
  });

  test("written as they are, passwords of any characters but / and ? come back", () => {
    const password = fc.string().filter((text) => !/[/?%]/.test(text));
    fc.assert(
      fc.property(password, (secret) => {
        expect(parseRtspUrl(`rtsp://admin:${secret}@192.0.2.1/a`)).toMatchObject({
          password: secret,
          host: "192.0.2.1",
        });
      }),
    );
  });
});

describe("resolveControl (RFC 2326 §C.1.1)", () => {
  test.each([
    ["rtsp://h/a/", "trackID=1", "rtsp://h/a/trackID=1"],
    ["rtsp://h/a", "trackID=1", "rtsp://h/a/trackID=1"],
    ["rtsp://h/a?channel=1&subtype=0", "trackID=0", "rtsp://h/a?channel=1&subtype=0/trackID=0"], // Dahua
    ["rtsp://h/a/", "rtsp://other/b?x", "rtsp://other/b?x"], // Hikvision, Axis
    ["rtsp://h/a/", "RTSP://other/b", "RTSP://other/b"],
    ["rtsp://h/a/", "*", "rtsp://h/a/"],
    ["rtsp://h/a/", "", "rtsp://h/a/"],
    ["rtsp://h/a", "?ctype=video", "rtsp://h/a?ctype=video"],
    ["rtsp://h/a", "/trackID=1", "rtsp://h/a/trackID=1"],
  ])("%s and %s give %s", (base, control, expected) => {
    expect(resolveControl(base, control)).toBe(expected);
  });
});

describe("resolveBase", () => {
  test.each([
    ["rtsp://h:8554/a?b", undefined, "rtsp://h:8554/a?b"],
    ["rtsp://h:8554/a?b", "", "rtsp://h:8554/a?b"],
    ["rtsp://h:8554/a?b", "rtsp://10.0.0.1/a/", "rtsp://10.0.0.1/a/"],
    ["rtsp://h:8554/a?b", "/a/", "rtsp://h:8554/a/"],
    ["rtsp://h?b", "/a/", "rtsp://h/a/"],
    ["rtsp://h/a", "nonsense", "rtsp://h/a"],
  ])("asked for %s and told %s, tracks are below %s", (request, given, expected) => {
    expect(resolveBase(request, given)).toBe(expected);
  });
});
