import type { IncomingHttpHeaders } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientAddress } from "./client-address.ts";
import { forwardedRequest, proxyTrust } from "./forwarded.ts";

const PROXIES = ["127.0.0.1", "::1", "10.0.0.0/8", "2001:db8:ffff::/48"];

const heard = (remoteAddress: string | undefined, headers: IncomingHttpHeaders = {}) =>
  ({ headers, socket: { remoteAddress } }) as never;
const client = (peer: string | undefined, headers?: IncomingHttpHeaders, proxies = PROXIES) =>
  clientAddress(heard(peer, headers), proxyTrust(proxies));
const asked = (peer: string, headers: IncomingHttpHeaders) =>
  forwardedRequest(heard(peer, headers), proxyTrust(PROXIES));

describe("which client a request is of", () => {
  it("is the other end of the connection, IPv6 by its network of 64 bits", () => {
    expect(client("192.0.2.7")).toBe("192.0.2.7");
    expect(client("::ffff:192.0.2.7")).toBe("192.0.2.7");
    expect(client("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(client("2001:db8:1:2::1")).toBe("2001:db8:1:2::/64");
    expect(client("2001:db8::1")).toBe("2001:db8:0:0::/64");
    expect(client("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
    expect(client("::1")).toBe("::1");
    expect(client(undefined)).toBe("");
  });

  it("is not what a client says who is no trusted proxy", () => {
    const headers = { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" };
    expect(client("192.0.2.7", headers)).toBe("192.0.2.7");
    expect(client("127.0.0.1", headers, [])).toBe("127.0.0.1");
  });

  it("is whom a trusted proxy names, and no earlier one, which a client may have made up", () => {
    expect(client("127.0.0.1", { "x-forwarded-for": "192.0.2.7" })).toBe("192.0.2.7");
    expect(client("::ffff:127.0.0.1", { "x-forwarded-for": "8.8.8.8, 192.0.2.7" })).toBe("192.0.2.7");
    expect(client("127.0.0.1", { "x-forwarded-for": "8.8.8.8, 192.0.2.7, 10.1.2.3" })).toBe("192.0.2.7");
    expect(client("2001:db8:ffff:1::1", { "x-forwarded-for": "2001:db8:5::9" })).toBe("2001:db8:5:0::/64");
    expect(client("127.0.0.1", { forwarded: 'for=8.8.8.8, for="[2001:db8:5::9]:4711"' })).toBe("2001:db8:5:0::/64");
    expect(client("127.0.0.1", { "x-forwarded-for": "192.0.2.7:4711" })).toBe("192.0.2.7");
  });

  it("is the proxy itself when it names nobody", () => {
    expect(client("127.0.0.1")).toBe("127.0.0.1");
    for (const name of ["unknown", "_hidden", "nobody", "1.2.3", "::g", "[::1"]) {
      expect(client("127.0.0.1", { "x-forwarded-for": `192.0.2.7, ${name}` }), name).toBe("127.0.0.1");
    }
    expect(client("127.0.0.1", { forwarded: 'for="broken' })).toBe("127.0.0.1");
  });

  it("is an address whatever anybody writes", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (list, forwarded) => {
        const headers = { ...(list !== "" && { "x-forwarded-for": list }), forwarded };
        expect(client("127.0.0.1", headers)).toMatch(/^[\d.]+$|^::1$|^[\da-f:]+\/64$/);
        expect(client("127.0.0.1", { forwarded })).toMatch(/^[\d.]+$|^::1$|^[\da-f:]+\/64$/);
      }),
    );
  });
});

describe("what was asked for", () => {
  it("is what a trusted proxy says, and of several what the nearest one added", () => {
    const headers = { "x-forwarded-host": "evil.example, nvr.example:8443", "x-forwarded-proto": "http, HTTPS" };
    expect(asked("127.0.0.1", headers)).toEqual({ address: "127.0.0.1", host: "nvr.example:8443", protocol: "https" });
    expect(asked("192.0.2.7", headers)).toEqual({ address: "192.0.2.7" });
  });

  it("is in `Forwarded` what the outermost trusted proxy says", () => {
    const forwarded =
      "for=8.8.8.8;host=evil.example, for=192.0.2.7;host=nvr.example;proto=https, for=10.0.0.1;host=inner";
    expect(asked("127.0.0.1", { forwarded })).toEqual({ address: "192.0.2.7", host: "nvr.example", protocol: "https" });
    const hidden = "for=_x;host=nvr.example, for=10.0.0.1;host=inner";
    expect(asked("127.0.0.1", { forwarded: hidden })).toEqual({ address: "10.0.0.1", host: "nvr.example" });
  });

  it("is a page's protocol, also where the proxy names that of a WebSocket", () => {
    for (const [said, protocol] of [
      ["ws", "http"],
      ["WSS", "https"],
      ["wssx", "wssx"],
    ] as const) {
      expect(asked("127.0.0.1", { "x-forwarded-proto": said })).toEqual({ address: "127.0.0.1", protocol });
      expect(asked("127.0.0.1", { forwarded: `proto=${said}` })).toEqual({ address: "127.0.0.1", protocol });
    }
  });

  it("is not read from `Forwarded` behind a proxy that sets the other kind: it passes on what the client wrote", () => {
    const headers = { "x-forwarded-for": "192.0.2.7", forwarded: "for=8.8.8.8;host=evil.example" };
    expect(asked("127.0.0.1", headers)).toEqual({ address: "192.0.2.7" });
  });
});
