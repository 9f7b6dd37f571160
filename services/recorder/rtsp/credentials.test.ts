import { describe, expect, test } from "vitest";
import { Credentials } from "./credentials.ts";
import { parseRtspUrl } from "./url.ts";

function permits(configured: string, target: string, redirectHosts: string[] = [], address?: string): boolean {
  const url = parseRtspUrl(configured);
  const credentials = new Credentials(url, { redirectHosts });
  credentials.reached(url, address);
  const isGiven = credentials.for(parseRtspUrl(target)) !== undefined;
  expect(isGiven).toBe(credentials.permits(parseRtspUrl(target)));
  return isGiven;
}

describe("user and password are given", () => {
  test.each([
    ["rtsp://u:p@cam.example/a", "rtsp://cam.example/b"],
    ["rtsp://u:p@cam.example/a", "rtsp://CAM.example:554/a"],
    ["rtsp://u:p@192.0.2.1:8554/a", "rtsp://192.0.2.1:8554/"],
    ["rtsp://u:p@[2001:db8::1]/a", "rtsp://[2001:0DB8:0:0::1]/a"],
    ["rtsp://u:p@[fe80::1%25eth0]/a", "rtsp://[fe80::1%eth0]/a"],
    ["rtsps://u:p@cam.example/a", "rtsps://cam.example/b"],
    ["rtsp://u:p@cam.example:554/a", "rtsps://cam.example:554/a"],
  ])("by %s to %s: the same host", (configured, target) => {
    expect(permits(configured, target)).toBe(true);
  });

  test("to the address at which the configured name was reached, and to no other", () => {
    const configured = "rtsp://u:p@cam.example/a";
    expect(permits(configured, "rtsp://192.0.2.1/a", [], "192.0.2.1")).toBe(true);
    expect(permits(configured, "rtsp://[2001:db8::1]/a", [], "2001:db8::1")).toBe(true);
    expect(permits(configured, "rtsp://192.0.2.2/a", [], "192.0.2.1")).toBe(false);
    expect(permits(configured, "rtsp://192.0.2.1/a")).toBe(false);
  });

  test("not to where another host was reached", () => {
    const credentials = new Credentials(parseRtspUrl("rtsp://u:p@cam.example/a"));
    credentials.reached(parseRtspUrl("rtsp://other.example/a"), "192.0.2.9");
    credentials.reached(parseRtspUrl("rtsp://cam.example:9/a"), "192.0.2.9");
    expect(credentials.permits(parseRtspUrl("rtsp://192.0.2.9/a"))).toBe(false);
  });

  test.each([
    ["rtsp://u:p@192.0.2.1/a", "rtsp://192.0.2.2/a"],
    ["rtsp://u:p@192.0.2.1/a", "rtsp://192.0.2.1:555/a"],
    ["rtsp://u:p@192.0.2.1/a", "rtsps://192.0.2.1/a"],
    ["rtsps://u:p@192.0.2.1:322/a", "rtsp://192.0.2.1:322/a"],
    ["rtsp://u:p@cam.example/a", "rtsp://cam.example.evil.example/a"],
    ["rtsp://u:p@cam.example/a", "rtsp://cam.example@evil.example/a"],
    ["rtsp://u:p@cam.example/a", "rtsp://cam.example:554@evil.example/a"],
    ["rtsp://u:p@127.0.0.1/a", "rtsp://127.1/a"],
    ["rtsp://u:p@[fe80::1%eth0]/a", "rtsp://[fe80::1%eth1]/a"],
  ])("by %s not to %s", (configured, target) => {
    expect(permits(configured, target)).toBe(false);
  });

  test("to the hosts of redirectHosts, at any port or the one that is named, never out of TLS", () => {
    const allowed = ["192.0.2.2", "nvr.example:8554", "[2001:db8::2]:554", "2001:db8::3"];
    const configured = "rtsp://u:p@192.0.2.1/a";
    for (const target of ["192.0.2.2", "192.0.2.2:99", "NVR.example:8554", "[2001:db8:0::2]", "[2001:db8::3]:1"]) {
      expect(permits(configured, `rtsp://${target}/a`, allowed), target).toBe(true);
    }
    for (const target of ["192.0.2.3", "nvr.example", "[2001:db8::2]:555", "[2001:db8::4]"]) {
      expect(permits(configured, `rtsp://${target}/a`, allowed), target).toBe(false);
    }
    expect(permits("rtsps://u:p@192.0.2.1/a", "rtsp://192.0.2.2/a", allowed)).toBe(false);
  });

  test("to nobody, when there are none", () => {
    expect(new Credentials(parseRtspUrl("rtsp://h/a")).for(parseRtspUrl("rtsp://h/a"))).toBeUndefined();
  });
});
