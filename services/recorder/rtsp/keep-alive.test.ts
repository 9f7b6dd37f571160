import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { HungUpError, RtspRefusal, UnansweredError } from "./errors.ts";
import { KeepAlive } from "./keep-alive.ts";
import { type KeepAliveWay, KeepAliveWays } from "./keep-alive-ways.ts";

const TIMEOUT_MS = 60_000;
const TICK_INTERVAL_MS = 250;
const ALL = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN";

/** What a camera does with a request: answers with a status or garbage, ignores it, or closes the connection. */
type Doing = number | "silence" | "garbage" | "hang-up";

/** One camera over several sessions, in simulated time. */
class Camera {
  readonly ways = new KeepAliveWays();
  readonly asked: string[] = [];
  /** Functions that answer the ignored requests afterwards, by the request's number. */
  readonly late: (() => void)[] = [];
  #nowMs = 1_000_000;
  readonly #does: Partial<Record<string, Doing>>;
  readonly #sends: boolean;
  readonly #spoiltEveryMs: number;

  /** @param options `spoiltEveryMs`: interval at which garbage comes, independently of requests */
  constructor(
    does: Partial<Record<string, Doing>>,
    options: { announced?: string; sends?: boolean; spoiltEveryMs?: number } = {},
  ) {
    this.#does = does;
    this.#sends = options.sends ?? true;
    this.#spoiltEveryMs = options.spoiltEveryMs ?? Number.POSITIVE_INFINITY;
    this.ways.announced(options.announced ?? ALL);
  }

  /** Plays a session that ends after `lastsMs`, or earlier by what the camera does. Returns how long it lasted. */
  async play(lastsMs: number, end: "closed" | "silent" | "stopped" = "closed"): Promise<number> {
    const sinceMs = this.#nowMs;
    let garbage = 0;
    let isCut = false;
    const keepAlive = new KeepAlive({
      ways: this.ways,
      timeoutMs: TIMEOUT_MS,
      sinceMs,
      send: (method) => {
        this.asked.push(method);
        const doing = this.#does[method] ?? 200;
        if (doing === "hang-up") isCut = true;
        if (doing === "garbage") garbage += 10;
        if (isCut) return Promise.reject(new HungUpError("the camera closed the connection"));
        if (doing === "silence") return new Promise((resolve) => this.late.push(() => resolve("200")));
        if (doing === 200 || doing === "garbage") return Promise.resolve();
        return Promise.reject(new RtspRefusal(Number(doing), "", ""));
      },
      passOver: () => {},
      garbageBytes: () => garbage,
    });
    while (!isCut && this.#nowMs - sinceMs < lastsMs) {
      this.#nowMs += TICK_INTERVAL_MS;
      if ((this.#nowMs - sinceMs) % this.#spoiltEveryMs === 0) garbage += 10;
      keepAlive.tick(this.#nowMs, this.#sends);
      await nextTurn();
    }
    if (isCut || end === "closed") keepAlive.ended();
    if (!isCut && end === "silent") keepAlive.ended(this.#nowMs - 5000);
    return this.#nowMs - sinceMs;
  }
}

test("what works is asked again and again, at half of the timeout", async () => {
  const camera = new Camera({});
  await camera.play(5 * TIMEOUT_MS, "stopped");
  expect(camera.asked).toEqual(Array(10).fill("GET_PARAMETER"));
});

test.each([300, 400, 404, 405, 451, 454, 500, 501, 503, 551])(
  "%i to GET_PARAMETER: OPTIONS at once, and from then on, in this session and the next",
  async (status) => {
    const camera = new Camera({ GET_PARAMETER: status });
    await camera.play(2 * TIMEOUT_MS, "stopped");
    await camera.play(TIMEOUT_MS, "stopped");
    expect(camera.asked).toEqual(["GET_PARAMETER", ...Array(4).fill("OPTIONS"), ...Array(2).fill("OPTIONS")]);
  },
);

test("one that takes SET_PARAMETER only is asked that in the end; one that takes nothing, nothing", async () => {
  const picky = new Camera({ GET_PARAMETER: 454, OPTIONS: 454 });
  await picky.play(3 * TIMEOUT_MS);
  expect(picky.asked.slice(0, 4)).toEqual(["GET_PARAMETER", "OPTIONS", "SET_PARAMETER", "SET_PARAMETER"]);
  const stubborn = new Camera({ GET_PARAMETER: 454, OPTIONS: 501, SET_PARAMETER: 405 });
  await stubborn.play(3 * TIMEOUT_MS);
  await stubborn.play(3 * TIMEOUT_MS);
  expect(stubborn.asked).toEqual(["GET_PARAMETER", "OPTIONS", "SET_PARAMETER"]);
});

test.each<[string, KeepAliveWay[]]>([
  [ALL, ["GET_PARAMETER", "OPTIONS", "SET_PARAMETER", "RTCP"]],
  ["OPTIONS, GET_PARAMETER", ["GET_PARAMETER", "OPTIONS", "RTCP", "SET_PARAMETER"]],
  ["OPTIONS, PLAY", ["OPTIONS", "GET_PARAMETER", "RTCP", "SET_PARAMETER"]],
  ["", ["OPTIONS", "GET_PARAMETER", "RTCP", "SET_PARAMETER"]],
])("a camera that announces %j is asked in this order", (announced, order) => {
  expect(new Camera({}, { announced }).ways.order).toEqual(order);
});

test("an unanswered one is waited for 5 s, not 16 requests", async () => {
  const camera = new Camera({ GET_PARAMETER: "silence" });
  await camera.play(TIMEOUT_MS / 2 + 4750);
  expect(camera.asked).toEqual(["GET_PARAMETER"]);
  const other = new Camera({ GET_PARAMETER: "silence" });
  await other.play(TIMEOUT_MS / 2 + 5000);
  expect(other.asked).toEqual(["GET_PARAMETER", "OPTIONS"]);
});

test("while nothing at all comes, silence tells nothing of the way", async () => {
  const camera = new Camera({ GET_PARAMETER: "silence" }, { sends: false });
  await camera.play(3 * TIMEOUT_MS, "stopped");
  expect(camera.ways.order[0]).toBe("GET_PARAMETER");
});

test("an answer that comes late brings its way back", async () => {
  const camera = new Camera({ GET_PARAMETER: "silence" });
  const playing = camera.play(TIMEOUT_MS, "stopped");
  while (camera.asked.length < 2) await nextTurn();
  expect(camera.ways.order[0]).toBe("OPTIONS");
  camera.late[0]?.();
  await playing;
  expect(camera.ways.order[0]).toBe("GET_PARAMETER");
});

test("401 ends the questions of a session, for cameras lock out who repeats a wrong password", async () => {
  const camera = new Camera({ GET_PARAMETER: 401, OPTIONS: 401 });
  await camera.play(1.5 * TIMEOUT_MS, "stopped");
  expect(camera.asked).toEqual(["GET_PARAMETER"]);
  expect(camera.ways.order[0]).toBe("GET_PARAMETER");
});

test.each<Doing>(["hang-up", "garbage"])("%s costs one session at most: the next one asks otherwise", async (doing) => {
  const camera = new Camera({ GET_PARAMETER: doing });
  await camera.play(TIMEOUT_MS);
  expect(await camera.play(3 * TIMEOUT_MS)).toBe(3 * TIMEOUT_MS);
  expect(camera.asked.filter((method) => method === "GET_PARAMETER")).toHaveLength(1);
});

test("a camera that loses bytes all the time (Reolink, retina #17) is not taken for one that is spoilt by keep-alives", async () => {
  const camera = new Camera({}, { spoiltEveryMs: 7000 });
  await camera.play(10 * TIMEOUT_MS, "stopped");
  expect(new Set(camera.asked)).toEqual(new Set(["GET_PARAMETER"]));
  expect(camera.ways.order[0]).toBe("GET_PARAMETER");
});

test("a camera that stops to send at a keep-alive is asked otherwise by the next session", async () => {
  const camera = new Camera({});
  await camera.play(TIMEOUT_MS / 2 + 6000, "silent"); // the camera sent its last packet 1 s after the keep-alive
  await camera.play(TIMEOUT_MS / 2 + 1000, "stopped");
  expect(camera.asked).toEqual(["GET_PARAMETER", "OPTIONS"]);
});

test("EvoStream: OPTIONS answered 200, and the session ended nevertheless: GET_PARAMETER has its turn, and stays", async () => {
  const camera = new Camera({}, { announced: "OPTIONS, DESCRIBE, PLAY" });
  await camera.play(TIMEOUT_MS + 1000);
  await camera.play(3 * TIMEOUT_MS, "stopped");
  expect(camera.asked).toEqual(["OPTIONS", "OPTIONS", ...Array(6).fill("GET_PARAMETER")]);
  await camera.play(TIMEOUT_MS + 5000); // by chance: it was proven
  await camera.play(TIMEOUT_MS, "stopped");
  expect(camera.asked.at(-1)).toBe("GET_PARAMETER");
});

test("each way has its turn again, however often all of them fail", async () => {
  const camera = new Camera({});
  const first: (KeepAliveWay | undefined)[] = [];
  for (let n = 0; n < 8; n++) {
    first.push(camera.ways.order[0]);
    await camera.play(TIMEOUT_MS + 5000);
  }
  const turn = ["GET_PARAMETER", "OPTIONS", "SET_PARAMETER", "RTCP"];
  expect(first).toEqual([...turn, ...turn]);
});

test("sessions that we end, or that end early, tell nothing", async () => {
  const camera = new Camera({});
  await camera.play(TIMEOUT_MS + 5000, "stopped");
  await camera.play(20_000);
  await camera.play(3 * TIMEOUT_MS - 15_000);
  expect(camera.ways.order[0]).toBe("GET_PARAMETER");
});

test("the end of a connection, or too many questions, are no refusal", async () => {
  const ways = new KeepAliveWays();
  ways.announced(ALL);
  const errors = [new HungUpError("away"), new UnansweredError()];
  const options = { ways, timeoutMs: TIMEOUT_MS, sinceMs: 0, passOver: () => {}, garbageBytes: () => 0 };
  const keepAlive = new KeepAlive({ ...options, send: () => Promise.reject(errors.shift()) });
  keepAlive.tick(TIMEOUT_MS / 2, true);
  await nextTurn();
  expect([ways.order[0], errors.length]).toEqual(["GET_PARAMETER", 1]);
});
