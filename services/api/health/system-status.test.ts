import { describe, expect, it } from "vitest";
import type { ServiceName } from "../../../shared/service/service.ts";
import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import { judgeSystem, type Observation } from "./system-status.ts";

const disk = (usedPercent: number) => ({ directories: ["/store"], totalBytes: 1000, freeBytes: 10, usedPercent });
const service = (name: ServiceName, problems: string[] = []) => {
  return { service: name, instance: `host:1:${name}`, startedAt: "2026-11-24T14:00:00.000Z", problems };
};

function camera(id: string, state: CameraState, problem?: string): CameraStatus {
  const counters = {
    frames: 0,
    bytes: 0,
    droppedFrames: 0,
    damagedFrames: 0,
    lostPackets: 0,
    sessions: 1,
    reconnects: 0,
  };
  const since = "2026-11-24T14:33:00.000Z";
  return { camera: id, recorder: "host:1:x", state, since, ...counters, ...(problem !== undefined && { problem }) };
}

const well: Observation = {
  enabled: ["a", "b"],
  statuses: [camera("a", "recording"), camera("b", "recording")],
  services: [service("recorder"), service("converter"), service("reaper"), service("api")],
  backlog: { waiting: 0, active: 0, failed: 0 },
  writing: new Set(),
  quarantined: new Map(),
  disks: [disk(50)],
  broken: [],
  reaperMinFreePercent: 10,
};
const away = { statuses: undefined, services: undefined, backlog: undefined };
const judge = (change: Partial<Observation>) => judgeSystem({ ...well, ...change });

describe("judgeSystem", () => {
  it("says running, without problems or warnings, when everything is well", () => {
    expect(judge({})).toMatchObject({ status: "running", camera: { a: true, b: true }, problems: [], warnings: [] });
  });

  it("tells of a disk what the reaper foresees for it, and nothing while it does not tell", () => {
    const forecasts = [
      { directories: ["/other/a"], daysThatFit: 1 },
      { directories: ["/store/x", "/store"], daysThatFit: 31.4, oldestDay: "20261025" },
    ];
    const services = [service("recorder"), service("converter"), { ...service("reaper"), forecasts }];
    expect(judge({ services }).disks).toEqual([{ ...disk(50), daysThatFit: 31.4, oldestDay: "20261025" }]);
    expect(judge(away).disks).toEqual([disk(50)]);
  });

  it("says error with the camera's own reason when one camera does not record", () => {
    const status = judge({ statuses: [camera("a", "recording"), camera("b", "refused", "401: check the password")] });
    expect(status).toMatchObject({ status: "error", camera: { a: true, b: false } });
    expect(status.problems).toEqual([
      { what: "camera", camera: "b", since: "2026-11-24T14:33:00.000Z", message: "401: check the password" },
    ]);
  });

  it("says that a camera which has just started is connecting", () => {
    const status = judge({ statuses: [camera("a", "recording"), camera("b", "connecting")] });
    expect(status.problems).toMatchObject([{ camera: "b", message: "connecting" }]);
  });

  it("says that nobody holds a camera of which no recorder has told lately", () => {
    expect(judge({ statuses: [camera("a", "recording")] })).toMatchObject({
      camera: { a: true, b: false },
      problems: [{ camera: "b", message: "no recorder holds it" }],
    });
  });

  it("leaves out disabled cameras, also when a recorder still tells of them", () => {
    const status = judge({ enabled: ["a"] });
    expect(status).toMatchObject({ status: "running", camera: { a: true } });
    expect(status.cameras.map((each) => each.camera)).toEqual(["a"]);
  });

  it("says error while Redis is away, and tells by the growing chunks which cameras record", () => {
    const status = judge({ ...away, writing: new Set(["a"]) });
    expect(status).toMatchObject({ status: "error", camera: { a: true, b: false }, backlog: null });
    expect(status.problems.map(({ what }) => what)).toEqual(["redis", "camera"]);
  });

  it("says error when a converter, a recorder, or a reaper that is wanted, does not run", () => {
    const status = judge({ services: [service("api")] });
    expect(status.problems.map((problem) => problem.service)).toEqual(["converter", "recorder", "reaper"]);
    expect(
      judge({ services: [service("recorder"), service("converter")], reaperMinFreePercent: undefined }),
    ).toMatchObject({
      status: "running",
    });
    expect(judge({ enabled: [], services: [service("converter"), service("reaper")] })).toMatchObject({
      status: "running",
    });
  });

  it("says error for what a service says is wrong with it, for failed conversions, and for quarantined chunks", () => {
    const status = judge({
      services: [
        service("recorder"),
        service("converter", ["ffmpeg is missing: apt install ffmpeg"]),
        service("reaper"),
      ],
      backlog: { waiting: 3, active: 1, failed: 2 },
      quarantined: new Map([
        ["a", 1],
        ["b", 0],
      ]),
    });
    expect(status.status).toBe("error");
    expect(status.problems.map(({ what, message }) => [what, message])).toEqual([
      ["service", "ffmpeg is missing: apt install ffmpeg"],
      ["conversion", "conversions that failed for good: 2"],
      ["conversion", "chunks in quarantine, which could not be converted: 1"],
    ]);
  });

  it("says error when a disk cannot be read or has no space", () => {
    expect(judge({ broken: [{ directory: "/mnt/b", code: "EIO" }] }).problems).toMatchObject([
      { what: "disk", disk: "/mnt/b", message: "cannot be read: EIO" },
    ]);
    expect(judge({ disks: [disk(99.5)] })).toMatchObject({ status: "error", warnings: [] });
  });

  it("warns, without calling it an error, when a disk passes 90 % and there is no reaper stanza", () => {
    expect(judge({ disks: [disk(90)], reaperMinFreePercent: undefined }).warnings).toEqual([]);
    const status = judge({ disks: [disk(90.1)], reaperMinFreePercent: undefined });
    expect(status.status).toBe("running");
    expect(status.warnings).toMatchObject([{ what: "disk", disk: "/store", message: "90.1 % full" }]);
    expect(status.warnings[0]?.todo).toContain("reaper stanza");
  });

  it("does not warn of a disk that the reaper keeps at its goal, but of one that it does not", () => {
    expect(judge({ disks: [disk(91)], reaperMinFreePercent: 10 }).warnings).toEqual([]);
    expect(judge({ disks: [disk(96)], reaperMinFreePercent: 10 }).warnings[0]?.todo).toContain(
      "reaper does not keep up",
    );
  });
});
