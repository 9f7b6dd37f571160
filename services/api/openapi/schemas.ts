import type * as OpenApi from "openapi3-ts/oas31";
import type { ConditionId } from "../../../shared/health/condition.ts";
import { CAMERA_STATES } from "../../../shared/status/camera-status.ts";
import { PROBLEM_KINDS } from "../http/problem.ts";
import { choice, count, flag, instant, list, number, object, PICTURE_SIZE, pictureSize, ref, text } from "./parts.ts";

const day: OpenApi.SchemaObject = {
  type: "string",
  pattern: "^\\d{8}$",
  description: "A UTC day, YYYYMMDD.",
  examples: ["20261124"],
};

/** Every kind of condition: as a record, so that the compiler reports one that is missing. */
const CONDITIONS: Record<ConditionId, true> = {
  "camera-not-recording": true,
  "camera-clock-off": true,
  "footage-missing": true,
  "redis-away": true,
  "redis-evicts": true,
  "redis-replica": true,
  "redis-outdated": true,
  "service-missing": true,
  "service-problem": true,
  "configuration-refused": true,
  "conversion-behind": true,
  "conversion-failed": true,
  "chunk-quarantined": true,
  "disk-unreadable": true,
  "disk-full": true,
  "disk-filling": true,
  "retention-short": true,
  "clocks-disagree": true,
  "clock-stepped": true,
  "clock-unsynchronized": true,
};

/** The schemas of answers and parameters, by name: `components.schemas`. */
export const schemas: Record<string, OpenApi.SchemaObject> = {
  CameraId: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$", examples: ["front-door"] },
  Day: day,
  GivenDay: {
    type: "string",
    pattern: "^(\\d{6}|\\d{8})$",
    description: "A UTC day of the calendar: YYYYMMDD, or YYMMDD of this century.",
    examples: ["20261124", "261124"],
  },
  TimeOfDay: { type: "string", pattern: "^([01]\\d|2[0-3])[0-5]\\d$", description: "HHMM, UTC.", examples: ["1433"] },
  MinuteName: {
    type: "string",
    pattern: "^\\d{8}\\.\\d{4}$",
    description: "YYYYMMDD.HHMM, UTC: the minute in which it begins.",
    examples: ["20261124.1433"],
  },
  GivenInstant: {
    type: "string",
    pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2})$",
    description: "ISO 8601 with its zone; the + of +01:00 is sent as %2B.",
    examples: ["2026-11-24T14:33:00Z"],
  },

  System: object("What answered.", { name: text("Hindsight."), version: text("Of Hindsight.") }),
  EnvelopeDate: {
    type: "string",
    pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$",
    description: "When the answer was made, UTC.",
  },

  Problem: {
    ...object(
      "Problem details (RFC 9457).",
      {
        type: choice(
          PROBLEM_KINDS.map((kind) => `urn:hindsight:problem:${kind}`),
          "What kind of problem; docs/api.md explains each.",
        ),
        title: text("The status in words."),
        status: { type: "integer", minimum: 400, maximum: 599, description: "The HTTP status." },
        detail: text("What is wrong with this request, for people."),
        instance: { type: "string", format: "uri-reference", description: "The address that was asked for." },
      },
      ["instance"],
    ),
    additionalProperties: true,
  },

  Condition: object("Something that is wrong and has lasted; docs/health.md describes each.", {
    id: choice(Object.keys(CONDITIONS), "What kind of condition."),
    severity: choice(["error", "warning"], "Whether it is an error."),
    subject: text("The camera, service, disk or host that it is about."),
    since: instant("Since when"),
    message: text("What is wrong."),
    advice: text("What to do about it."),
  }),
  SystemProblem: object(
    "Something that is wrong at this moment.",
    {
      what: choice(
        ["camera", "redis", "service", "configuration", "conversion", "disk", "clock"],
        "What is in trouble.",
      ),
      camera: text("The camera's id."),
      service: text("recorder, converter, reaper or api."),
      disk: text("A directory on the disk."),
      since: instant("Since when, or since when it was noticed"),
      message: text("What is wrong."),
      todo: text("What to do about it."),
    },
    ["camera", "service", "disk", "since", "todo"],
  ),
  CameraState: choice(CAMERA_STATES, "How recording does."),
  CameraStatus: object(
    "What a camera's recorder tells of it. Counts are since the recorder started.",
    {
      camera: ref("CameraId"),
      recorder: text("The recorder's instance."),
      state: ref("CameraState"),
      since: instant("Since when this state holds"),
      problem: text("What is wrong and what to do; absent while all is well."),
      codec: text("RFC 6381, such as avc1.64001f."),
      ...pictureSize,
      framesPerSecond: number("Over the last 5 s."),
      bitsPerSecond: number("Over the last 5 s."),
      keyframeIntervalMs: number("Between the last two keyframes."),
      frames: count("Received whole."),
      bytes: count("Received."),
      damagedFrames: count("Left out because packets of theirs were lost."),
      droppedFrames: count("Given up because the disk did not keep up."),
      lostPackets: count("RTP packets lost."),
      sessions: count("RTSP sessions begun, those that failed included."),
      reconnects: count("How often it was recorded again after its recording had ended by itself."),
      clockDriftPpm: number("How much faster the camera's clock runs than ours, in millionths."),
      cameraClockOffsetMs: number("How far the camera's wall clock is ahead of ours."),
      newestFrame: instant("Capture time of the newest frame"),
    },
    [
      ...["problem", "codec", ...PICTURE_SIZE, "framesPerSecond", "bitsPerSecond", "keyframeIntervalMs"],
      ...["clockDriftPpm", "cameraClockOffsetMs", "newestFrame"],
    ],
  ),
  DiskForecast: object(
    "What the reaper foresees for a disk.",
    {
      directories: list(text("On this disk.")),
      oldestDay: day,
      bytesPerDay: number("Recorded per day, over the last finished days."),
      daysThatFit: number("Days of footage that fit at that rate."),
      inodesRunOutFirst: flag("Of bytes more days would fit: the number of files bounds them."),
    },
    ["oldestDay", "bytesPerDay", "daysThatFit", "inodesRunOutFirst"],
  ),
  ServiceStatus: object(
    "A running service.",
    {
      service: choice(["recorder", "converter", "reaper", "api"], "Which."),
      instance: text("Unique among all running processes."),
      startedAt: instant("When it started"),
      problems: list(text("What is wrong with it.")),
      refusedConfiguration: text("Why it cannot use the changed configuration; absent while it can."),
      foldersNotSynced: list(
        text("Where a disk is mounted."),
        "Disks whose folders cannot be synced; absent while it has met none.",
      ),
      forecasts: list(ref("DiskForecast"), "The reaper's alone."),
    },
    ["refusedConfiguration", "foldersNotSynced", "forecasts"],
  ),
  Disk: object(
    "A file system, and which of our directories lie on it.",
    {
      directories: list(text("On this disk.")),
      totalBytes: count("Of the disk."),
      freeBytes: count("That may still be written."),
      usedPercent: { type: "number", minimum: 0, maximum: 100, description: "As df(1) counts it." },
      totalInodes: count("Files that it can hold; absent where only its bytes bound them."),
      freeInodes: count("Files that it can still hold; absent as above."),
      daysThatFit: number("Days of footage that fit, at the rate of the last days; absent while no reaper tells."),
      inodesRunOutFirst: flag("Of bytes more days would fit; absent otherwise."),
      oldestDay: { ...day, description: "YYYYMMDD of the oldest footage; absent while no reaper tells." },
    },
    ["totalInodes", "freeInodes", "daysThatFit", "inodesRunOutFirst", "oldestDay"],
  ),
  Backlog: object("The conversion queue.", {
    waiting: count("Minutes that wait for their conversion."),
    active: count("Minutes that are being converted."),
    failed: count("Conversions that were given up."),
  }),
  SystemStatus: object("How the system does.", {
    status: choice(["running", "error"], "`error` when there is any problem."),
    camera: {
      type: "object",
      additionalProperties: { type: "boolean" },
      description: "The enabled cameras by id: whether they are being recorded.",
    },
    health: list(ref("Condition"), "What is wrong and has lasted, errors first."),
    problems: list(ref("SystemProblem"), "What is wrong at this moment."),
    warnings: list(ref("SystemProblem"), "What needs attention but is no error."),
    notes: list(
      ref("SystemProblem"),
      "What is worth knowing: nothing is wrong, but less is promised. No condition comes of it.",
    ),
    cameras: list(ref("CameraStatus"), "What the recorders tell; empty while Redis is away."),
    services: list(ref("ServiceStatus"), "What runs; empty while Redis is away."),
    disks: list(ref("Disk")),
    backlog: { oneOf: [ref("Backlog"), { type: "null" }], description: "null while Redis is away." },
  }),

  MinuteState: choice(
    ["ready", "recording", "waiting", "quarantined"],
    "ready: can be played; recording: being written; waiting: for its conversion; quarantined: could not be converted.",
  ),
  ListedMinute: object(
    "A minute of a camera.",
    {
      name: ref("MinuteName"),
      start: instant("When the minute begins"),
      state: ref("MinuteState"),
      sizeBytes: count("Of the mp4, or of the chunks while there is none; absent when they are in quarantine."),
      hasPreview: flag("Whether its picture can be had."),
      hasThumbnail: flag("Whether its small picture can be had."),
      copy: { type: "integer", minimum: 2, description: "One of several copies: asked for with `?copy=`." },
      recorded: ref("Recorded"),
    },
    ["sizeBytes", "copy", "recorded"],
  ),

  CameraEvent: object("A camera's state or problem is another.", {
    camera: ref("CameraId"),
    recording: flag("Whether it is being recorded."),
    state: choice([...CAMERA_STATES, "unknown"], "unknown: no recorder tells."),
    since: { type: ["string", "null"], format: "date-time", description: "Since when." },
    problem: { type: ["string", "null"], description: "What is wrong." },
  }),
  HealthEvent: object("The system's health is another.", {
    status: choice(["running", "error"], "As in system.json."),
    health: list(ref("Condition")),
    problems: list(ref("SystemProblem")),
    warnings: list(ref("SystemProblem")),
  }),
  ConditionEvent: object("A condition began or ended.", {
    change: choice(["began", "ended"], "Which."),
    condition: ref("Condition"),
  }),
  MinuteEvent: object("A minute can be had, its pictures can, or a late part was merged into it.", {
    camera: ref("CameraId"),
    name: ref("MinuteName"),
    start: instant("When the minute begins"),
    hasPreview: flag("Whether its picture can be had."),
    hasThumbnail: flag("Whether its small picture can be had."),
  }),
};
