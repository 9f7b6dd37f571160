import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import type { Condition } from "../../../shared/health/condition.ts";
import type { CameraState, CameraStatus } from "../../../shared/status/camera-status.ts";
import type { ServiceName } from "../../../shared/status/status-store.ts";
import type { Observation } from "./observation.ts";
import { judgeSystem } from "./system-status.ts";

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

const nowMs = Date.parse("2026-11-24T15:00:00.000Z");
const well: Observation = {
  nowMs,
  enabled: ["a", "b"],
  statuses: [camera("a", "recording"), camera("b", "recording")],
  services: [service("recorder"), service("converter"), service("reaper"), service("api")],
  backlog: { waiting: 0, active: 0, failed: 0 },
  redisTrouble: undefined,
  redisFacts: {},
  clockSync: "synchronized",
  writing: new Set(),
  quarantined: new Map(),
  footage: new Map([
    ["a", {}],
    ["b", {}],
  ]),
  disks: [disk(50)],
  broken: [],
  reaperMinFreePercent: 10,
};
const away = { statuses: undefined, services: undefined, backlog: undefined };
const judge = (change: Partial<Observation>) => judgeSystem({ ...well, ...change }).status;
const found = (change: Partial<Observation>) => judgeSystem({ ...well, ...change }).findings;
const condition = (id: Condition["id"], subject: string): Condition => {
  return { id, subject, severity: "error", since: "", message: "", advice: "" };
};

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
    const since = "2026-11-24T14:33:00.000Z";
    const todo = expect.stringContaining("nvr check");
    expect(status.problems).toEqual([{ what: "camera", camera: "b", since, message: "401: check the password", todo }]);
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
    expect(judge({ disks: [disk(99.5)] })).toMatchObject({
      status: "error",
      problems: [{ disk: "/store", message: "99.5 % full" }],
    });
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

  it("says of a camera that does not record why, and what to do", () => {
    const statuses = [camera("a", "recording"), camera("b", "refused", "401: check the password")];
    expect(found({ statuses })).toEqual([
      {
        id: "camera-not-recording",
        severity: "error",
        subject: "b",
        since: "2026-11-24T14:33:00.000Z",
        message: "not recording (refused): 401: check the password",
        brief: "401: check the password",
        advice: expect.stringContaining("./nvr check"),
      },
    ]);
  });

  it("tells of missing footage once the camera records again, and while it does not, leaves that open", () => {
    const gap = { fromMs: nowMs - 600_000, toMs: nowMs - 300_000 };
    const footage = new Map([["b", { gap }]]);
    expect(found({ footage })).toMatchObject([
      { id: "footage-missing", subject: "b", message: "no footage of 5 minutes: 14:50 to 14:55 UTC", isSettled: true },
    ]);
    const statuses = [camera("a", "recording"), camera("b", "stalled")];
    expect(found({ footage, statuses }).map(({ id }) => id)).toEqual(["camera-not-recording"]);
    const ask = (change: Partial<Observation>, subject: string) =>
      judgeSystem({ ...well, ...change }).isUnknown(condition("footage-missing", subject));
    expect(ask({ statuses }, "b")).toBe(true);
    expect(ask({ statuses }, "gone")).toBe(false);
    expect([ask({ footage: undefined }, "b"), ask({ footage }, "a"), ask({ footage }, "b")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("says that conversion is behind when a minute has waited for more than ten minutes", () => {
    const footage = (oldestWaiting: string) =>
      new Map([
        ["a", {}],
        ["b", { oldestWaiting }],
      ]);
    expect(found({ footage: footage("20261124.1449") })).toEqual([]);
    expect(found({ footage: footage("20261124.1448") })).toMatchObject([
      { id: "conversion-behind", subject: "conversion", since: "2026-11-24T14:49:00.000Z" },
    ]);
  });

  it("tells of clocks: a camera's that is off, a recorder's that is ahead, one that was set", () => {
    const off = (cameraClockOffsetMs: number) => [
      camera("a", "recording"),
      { ...camera("b", "recording"), cameraClockOffsetMs },
    ];
    expect(found({ statuses: off(-3900) })).toEqual([]);
    expect(found({ statuses: off(4500) })).toMatchObject([{ isNear: true }]);
    expect(found({ statuses: off(-7_300_000) })).toMatchObject([
      {
        id: "camera-clock-off",
        subject: "b",
        message: "its own clock is 2 hours behind the recorder's",
        isNear: false,
      },
    ]);
    const newest = (aheadMs: number) => [
      { ...camera("a", "recording"), newestFrame: new Date(nowMs + aheadMs).toISOString() },
      camera("b", "recording"),
    ];
    expect(found({ statuses: newest(2000) })).toEqual([]);
    expect(found({ statuses: newest(6000) })).toMatchObject([
      { id: "clocks-disagree", severity: "warning", subject: "host", isNear: false },
    ]);
    const clockStep = { at: "2026-11-24T14:59:00.000Z", stepMs: -3_600_000 };
    expect(found({ clockStep })).toMatchObject([
      { id: "clock-stepped", message: expect.stringContaining("back by 3600 s"), isSettled: true },
    ]);
  });

  it("says that NTP does not keep the clock, and ends that when it does or nobody wants to know", () => {
    const id = "clock-unsynchronized";
    expect(found({ clockSync: "unsynchronized" })).toMatchObject([{ id, severity: "warning", subject: hostname() }]);
    for (const clockSync of ["synchronized", "unknown", "unwatched"] as const) expect(found({ clockSync })).toEqual([]);
    const isUnknown = (clockSync: Observation["clockSync"]) =>
      judgeSystem({ ...well, clockSync }).isUnknown(condition(id, hostname()));
    expect(["unknown", "unwatched"].map((state) => isUnknown(state as Observation["clockSync"]))).toEqual([
      true,
      false,
    ]);
  });

  it("tells of a Redis that throws keys away, of one that is old, and of a replica that takes writes", () => {
    const told = (redisFacts: Observation["redisFacts"], more: Partial<Observation> = {}) =>
      found({ redisFacts, ...more }).map(({ id, severity }) => `${id} ${severity}`);
    const eviction = { policy: "allkeys-lru", evictedKeys: 72_000 };
    expect(told({ eviction })).toEqual(["redis-evicts warning"]);
    expect(found({ redisFacts: { eviction } })[0]).toMatchObject({
      message: expect.stringContaining("allkeys-lru; 72000 since it was started"),
      advice: expect.stringContaining("noeviction"),
    });
    expect(told({ version: "4.0.9" })).toEqual(["redis-outdated error"]);
    expect(told({ version: "6.0.16" })).toEqual(["redis-outdated warning"]);
    for (const version of ["6.2.0", "7.0.15", "10.1", "unstable"]) expect(told({ version })).toEqual([]);
    expect(told({ replicaOf: "10.0.0.1:6379" })).toEqual(["redis-replica warning"]);
    const redisTrouble = { message: "Redis is a read-only replica", todo: "" };
    expect(
      told({ replicaOf: "10.0.0.1:6379" }, { redisTrouble, ...away }).filter((id) => id.startsWith("redis")),
    ).toEqual(["redis-away error"]);
    const isUnknown = (redisFacts: Observation["redisFacts"]) =>
      judgeSystem({ ...well, redisFacts }).isUnknown(condition("redis-evicts", "redis"));
    expect([isUnknown(undefined), isUnknown({})]).toEqual([true, false]);
  });

  it("notes what is no trouble: a Redis without a disk, and disks whose folders cannot be synced, each once", () => {
    expect(judge({}).notes).toEqual([]);
    expect(judge({ redisFacts: { isPersistent: true } }).notes).toEqual([]);
    const services = (["recorder", "converter"] as const).map((name) => {
      return { ...service(name), foldersNotSynced: ["/mnt/smb"] };
    });
    const status = judge({ redisFacts: { isPersistent: false }, services: [...services, service("reaper")] });
    expect(status.notes).toMatchObject([
      { what: "disk", disk: "/mnt/smb", message: expect.stringContaining("fsync of a folder is not supported") },
      { what: "redis", message: expect.stringContaining("keeps nothing on a disk") },
    ]);
    expect(status).toMatchObject({ status: "running", problems: [], warnings: [] });
  });

  it("keeps a disk's condition until it is a percent emptier, and says both that it fills and that it is full", () => {
    const ids = (usedPercent: number) =>
      found({ disks: [disk(usedPercent)], reaperMinFreePercent: undefined }).map(({ id, isNear }) => [id, isNear]);
    expect(ids(89)).toEqual([]);
    expect(ids(89.5)).toEqual([["disk-filling", true]]);
    expect(ids(90.5)).toEqual([["disk-filling", false]]);
    expect(ids(98.5)).toEqual([
      ["disk-full", true],
      ["disk-filling", false],
    ]);
    expect(ids(99)).toEqual([
      ["disk-full", false],
      ["disk-filling", false],
    ]);
  });

  it("says that a disk runs out of inodes: with a reaper by what is kept for recording, without one at nine tenths", () => {
    const told = (freeInodes: number, reaperMinFreePercent: number | undefined) =>
      found({ disks: [{ ...disk(8), totalInodes: 100_000, freeInodes }], reaperMinFreePercent });
    const ids = (...args: Parameters<typeof told>) => told(...args).map(({ id, isNear }) => [id, isNear]);
    expect(ids(1024, 10)).toEqual([]);
    expect(ids(520, 10)).toEqual([["disk-filling", true]]);
    expect(ids(400, 10)).toEqual([["disk-filling", false]]);
    expect(ids(200, 10)).toEqual([
      ["disk-full", false],
      ["disk-filling", false],
    ]);
    expect(ids(12_000, undefined)).toEqual([]);
    expect(ids(9000, undefined)).toEqual([["disk-filling", false]]);
    expect(told(0, undefined)[0]).toMatchObject({
      subject: "/store",
      message: "out of inodes, not of bytes: 0 of 100000 are free, and each file takes one",
      advice: expect.stringContaining("reaper stanza"),
    });
  });

  it("says that a disk holds less than a day, by the reaper's forecast", () => {
    const services = (daysThatFit: number) => [
      ...(well.services ?? []),
      { ...service("reaper"), forecasts: [{ directories: ["/store"], daysThatFit }] },
    ];
    expect(found({ services: services(1.2) })).toEqual([]);
    expect(found({ services: services(1) })).toMatchObject([{ id: "retention-short", isNear: true }]);
    expect(found({ services: services(0.4) })).toMatchObject([
      { id: "retention-short", subject: "/store", isNear: false },
    ]);
    const forecasts = [{ directories: ["/store"], daysThatFit: 0.4, inodesRunOutFirst: true as const }];
    expect(found({ services: [...(well.services ?? []), { ...service("reaper"), forecasts }] })).toMatchObject([
      { id: "retention-short", advice: expect.stringContaining("inodes") },
    ]);
    const isUnknown = (change: Partial<Observation>) =>
      judgeSystem({ ...well, ...change }).isUnknown(condition("retention-short", "/store"));
    expect(isUnknown({})).toBe(true); // a reaper that has just started has no forecast yet
    expect(isUnknown({ services: services(5) })).toBe(false);
  });

  it("says nothing, neither good nor bad, of what did not answer", () => {
    const { isUnknown } = judgeSystem({ ...well, ...away, quarantined: undefined, footage: undefined });
    const unseen = [
      condition("service-missing", "reaper"),
      condition("service-problem", "reaper"),
      condition("conversion-failed", "conversion"),
      condition("conversion-behind", "conversion"),
      condition("chunk-quarantined", "a"),
      condition("camera-clock-off", "a"),
      condition("clocks-disagree", "host"),
    ];
    expect(unseen.filter((each) => !isUnknown(each))).toEqual([]);
    expect(unseen.filter((each) => judgeSystem(well).isUnknown(each))).toEqual([condition("chunk-quarantined", "a")]);
    expect(isUnknown(condition("redis-away", "redis"))).toBe(false);
    const broken = [{ directory: "/mnt/b", code: "EIO" }];
    expect(judgeSystem({ ...well, broken }).isUnknown(condition("disk-full", "/mnt/b"))).toBe(true);
  });

  it("tells once of a configuration that several services cannot use, and of what else is wrong with one for itself", () => {
    const refusedConfiguration = "the changed configuration is not in force: api.port";
    const refused = (name: ServiceName) => ({ ...service(name), refusedConfiguration });
    const services = [refused("recorder"), refused("converter"), service("reaper", ["stuck"]), refused("api")];
    expect(found({ services })).toMatchObject([
      { id: "service-problem", subject: "reaper", message: "stuck" },
      { id: "configuration-refused", subject: "configuration", message: refusedConfiguration },
    ]);
    expect(judgeSystem({ ...well, services }).status.problems[1]).toMatchObject({ what: "configuration" });
  });

  it("tells a service's troubles apart, but not by their numbers", () => {
    const services = (...problems: string[]) => [
      service("recorder", problems),
      service("converter"),
      service("reaper"),
    ];
    const details = (...problems: string[]) => found({ services: services(...problems) }).map(({ detail }) => detail);
    expect(details("89 files cannot be read")).toEqual(details("90 files cannot be read"));
    expect(new Set(details("disk a fails", "disk b fails")).size).toBe(2);
  });
});
