import type { Socket } from "node:dgram";
import { expect, test } from "vitest";
import { CameraAwayError } from "../../errors/camera-error.ts";
import { bindPortPair, type PortPair } from "./port-pair.ts";

function close({ rtp, rtcp }: PortPair): void {
  rtp.close();
  rtcp.close();
}

test.each([4, 6] as const)("a pair is an even port and the odd one above it, IPv%s", async (family) => {
  const pairs = await Promise.all(Array.from({ length: 20 }, () => bindPortPair(family)));
  for (const { rtp, rtcp, rtpPort } of pairs) {
    expect(rtpPort % 2).toBe(0);
    expect([rtp.address().port, rtcp.address().port]).toEqual([rtpPort, rtpPort + 1]);
    expect(rtp.address().family).toBe(`IPv${family}`);
  }
  expect(new Set(pairs.map(({ rtpPort }) => rtpPort)).size).toBe(20);
  pairs.forEach(close);
});

/** Fake sockets on ports from 5000 on; every port requested by number is in use, except `free`. */
function fakeBind(free: number, opened: Set<number>) {
  let next = 5000;
  return async (_: 4 | 6, wanted: number) => {
    if (wanted !== 0 && wanted !== free) throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
    const port = wanted === 0 ? next++ : wanted;
    opened.add(port);
    return { address: () => ({ port }), close: () => opened.delete(port) } as unknown as Socket;
  };
}

test("a port whose neighbour is in use is let go, and another tried", async () => {
  const opened = new Set<number>();
  const { rtpPort } = await bindPortPair(4, fakeBind(5008, opened));
  expect([rtpPort, [...opened]]).toEqual([5008, [5009, 5008]]);
});

test("where no two ports are free the error says so and what to do, and nothing stays open", async () => {
  const opened = new Set<number>();
  const error = (await bindPortPair(4, fakeBind(-1, opened)).catch((e: unknown) => e)) as CameraAwayError;
  expect(error).toBeInstanceOf(CameraAwayError);
  expect(`${error.message}: ${error.advice}`).toMatch(
    /no pair of free UDP ports \(eaddrinuse\): .*set its transport to tcp/,
  );
  expect(opened.size).toBe(0);
});

test("out of sockets, no further one is tried", async () => {
  let tries = 0;
  const bind = async () => {
    tries++;
    throw Object.assign(new Error("too many"), { code: "EMFILE" });
  };
  await expect(bindPortPair(4, bind)).rejects.toThrow(/emfile/);
  expect(tries).toBe(1);
});
