// Made by tools/api-types.ts from services/api/openapi: npm run api-types
export interface paths {
  "/api/1/system.json": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether everything records, and what is wrong
     * @description Answers within two seconds, whatever is away.
     */
    get: operations["readSystem"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/conditions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What was wrong when
     * @description The conditions that lasted within a time, those of the last 30 days that have ended included. Give either `day`, or `from` and `to`: 31 days at most.
     */
    get: operations["listConditions"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/health": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the api lives, for whoever supervises it */
    get: operations["readHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Prometheus metrics */
    get: operations["readMetrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/openapi.json": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This document */
    get: operations["readOpenApi"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/docs": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This document as a page to browse */
    get: operations["readDocs"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/docs/{file}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What that page loads */
    get: operations["readDocsFile"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/cameras.json": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The enabled cameras */
    get: operations["listCameras"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/cameras": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every camera that is or was configured, and how its recording does */
    get: operations["listCameraStates"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/cameras/{day}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Which cameras have which minutes of a day
     * @description Minutes that can be played; what is being recorded or waits for its conversion is not listed.
     */
    get: operations["listDay"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}.preview.{day}.{time}.jpg": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The first picture of a minute */
    get: operations["getPreview"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}.thumbnail.{day}.{time}.jpg": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The first picture of a minute, small */
    get: operations["getThumbnail"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}.preview.{day}.{time}.mp4": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The video of a minute */
    get: operations["getMinute"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}.sprites.{day}.{hour}.jpg": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The thumbnails of an hour in one picture
     * @description 2560 × 864 pixels; the cell of minute m is 256 × 144 pixels at column m % 10, row floor(m / 10). Minutes without a thumbnail are dark.
     */
    get: operations["getSprites"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}/snapshot.jpg": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The newest picture of a camera
     * @description `Last-Modified` tells when it was taken.
     */
    get: operations["getSnapshot"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}/spans": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * When a camera was recorded
     * @description By capture times, unbroken from minute to minute. Give either `day`, or `from` and `to`: 31 days at most.
     */
    get: operations["listSpans"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}/minutes": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * A camera's minutes with start, size and state
     * @description Give either `day`, or `from` and `to`: 31 days at most.
     */
    get: operations["listMinutes"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/days": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The days that have footage */
    get: operations["listDays"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/range.zip": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What several cameras took between two instants, a video for each, as one zip */
    get: operations["getRangeArchive"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}/range.mp4": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What was taken between two instants, as one video */
    get: operations["getRange"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}.range.{fromDay}.{fromTime}.to.{toDay}.{toTime}.mp4": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The minutes from the first to the last, both included, as one video */
    get: operations["getNamedRange"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/events": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What changes, as it changes: server-sent events
     * @description Begins with a `camera` event for each enabled camera and a `health` event.
     */
    get: operations["followEvents"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/1/camera/{id}/live": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A camera live, over a WebSocket */
    get: operations["watchLive"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @example front-door */
    CameraId: string;
    /**
     * @description A UTC day, YYYYMMDD.
     * @example 20261124
     */
    Day: string;
    /**
     * @description A UTC day of the calendar: YYYYMMDD, or YYMMDD of this century.
     * @example 20261124
     * @example 261124
     */
    GivenDay: string;
    /**
     * @description HHMM, UTC.
     * @example 1433
     */
    TimeOfDay: string;
    /**
     * @description YYYYMMDD.HHMM, UTC: the minute in which it begins.
     * @example 20261124.1433
     */
    MinuteName: string;
    /**
     * @description ISO 8601 with its zone; the + of +01:00 is sent as %2B.
     * @example 2026-11-24T14:33:00Z
     */
    GivenInstant: string;
    /** @description What answered. */
    System: {
      /** @description Hindsight. */
      name: string;
      /** @description Of Hindsight. */
      version: string;
    };
    /** @description When the answer was made, UTC. */
    EnvelopeDate: string;
    /** @description Problem details (RFC 9457). */
    Problem: {
      /**
       * @description What kind of problem; docs/api.md explains each.
       * @enum {string}
       */
      type:
        | "urn:hindsight:problem:bad-request"
        | "urn:hindsight:problem:invalid-date"
        | "urn:hindsight:problem:invalid-time"
        | "urn:hindsight:problem:unknown-camera"
        | "urn:hindsight:problem:no-footage"
        | "urn:hindsight:problem:no-such-resource"
        | "urn:hindsight:problem:method-not-allowed"
        | "urn:hindsight:problem:precondition-failed"
        | "urn:hindsight:problem:range-not-satisfiable"
        | "urn:hindsight:problem:cross-site"
        | "urn:hindsight:problem:upgrade-required"
        | "urn:hindsight:problem:codec-change"
        | "urn:hindsight:problem:range-too-long"
        | "urn:hindsight:problem:too-many-requests"
        | "urn:hindsight:problem:unavailable"
        | "urn:hindsight:problem:internal";
      /** @description The status in words. */
      title: string;
      /** @description The HTTP status. */
      status: number;
      /** @description What is wrong with this request, for people. */
      detail: string;
      /**
       * Format: uri-reference
       * @description The address that was asked for.
       */
      instance?: string;
    } & {
      [key: string]: unknown;
    };
    /** @description Something that is wrong and has lasted; docs/health.md describes each. */
    Condition: {
      /**
       * @description What kind of condition.
       * @enum {string}
       */
      id:
        | "camera-not-recording"
        | "camera-clock-off"
        | "footage-missing"
        | "redis-away"
        | "redis-evicts"
        | "redis-replica"
        | "redis-outdated"
        | "service-missing"
        | "service-problem"
        | "configuration-refused"
        | "conversion-behind"
        | "conversion-failed"
        | "chunk-quarantined"
        | "disk-unreadable"
        | "disk-full"
        | "disk-filling"
        | "retention-short"
        | "clocks-disagree"
        | "clock-stepped"
        | "clock-unsynchronized";
      /**
       * @description Whether it is an error.
       * @enum {string}
       */
      severity: "error" | "warning";
      /** @description The camera, service, disk or host that it is about. */
      subject: string;
      /**
       * Format: date-time
       * @description Since when; ISO 8601 UTC.
       */
      since: string;
      /** @description What is wrong. */
      message: string;
      /** @description What to do about it. */
      advice: string;
    };
    /** @description Something that is wrong at this moment. */
    SystemProblem: {
      /**
       * @description What is in trouble.
       * @enum {string}
       */
      what: "camera" | "redis" | "service" | "configuration" | "conversion" | "disk" | "clock";
      /** @description The camera's id. */
      camera?: string;
      /** @description recorder, converter, reaper or api. */
      service?: string;
      /** @description A directory on the disk. */
      disk?: string;
      /**
       * Format: date-time
       * @description Since when, or since when it was noticed; ISO 8601 UTC.
       */
      since?: string;
      /** @description What is wrong. */
      message: string;
      /** @description What to do about it. */
      todo?: string;
    };
    /**
     * @description How recording does.
     * @enum {string}
     */
    CameraState: "connecting" | "recording" | "unwritten" | "stalled" | "refused" | "stopped";
    /** @description What a camera's recorder tells of it. Counts are since the recorder started. */
    CameraStatus: {
      camera: components["schemas"]["CameraId"];
      /** @description The recorder's instance. */
      recorder: string;
      state: components["schemas"]["CameraState"];
      /**
       * Format: date-time
       * @description Since when this state holds; ISO 8601 UTC.
       */
      since: string;
      /** @description What is wrong and what to do; absent while all is well. */
      problem?: string;
      /** @description RFC 6381, such as avc1.64001f. */
      codec?: string;
      /** @description Pixels, as coded. */
      width?: number;
      /** @description Pixels, as coded. */
      height?: number;
      /** @description Square pixels, as shown: another number than `width` where the camera's pixels are wide. */
      displayWidth?: number;
      /** @description Square pixels, as shown: another number than `height` where the camera's pixels are narrow. */
      displayHeight?: number;
      /** @description Over the last 5 s. */
      framesPerSecond?: number;
      /** @description Over the last 5 s. */
      bitsPerSecond?: number;
      /** @description Between the last two keyframes. */
      keyframeIntervalMs?: number;
      /** @description Received whole. */
      frames: number;
      /** @description Received. */
      bytes: number;
      /** @description Left out because packets of theirs were lost. */
      damagedFrames: number;
      /** @description Given up because the disk did not keep up. */
      droppedFrames: number;
      /** @description RTP packets lost. */
      lostPackets: number;
      /** @description RTSP sessions begun, those that failed included. */
      sessions: number;
      /** @description How often it was recorded again after its recording had ended by itself. */
      reconnects: number;
      /** @description How much faster the camera's clock runs than ours, in millionths. */
      clockDriftPpm?: number;
      /** @description How far the camera's wall clock is ahead of ours. */
      cameraClockOffsetMs?: number;
      /**
       * Format: date-time
       * @description Capture time of the newest frame; ISO 8601 UTC.
       */
      newestFrame?: string;
    };
    /** @description What the reaper foresees for a disk. */
    DiskForecast: {
      directories: string[];
      /**
       * @description A UTC day, YYYYMMDD.
       * @example 20261124
       */
      oldestDay?: string;
      /** @description Recorded per day, over the last finished days. */
      bytesPerDay?: number;
      /** @description Days of footage that fit at that rate. */
      daysThatFit?: number;
      /** @description Of bytes more days would fit: the number of files bounds them. */
      inodesRunOutFirst?: boolean;
    };
    /** @description A running service. */
    ServiceStatus: {
      /**
       * @description Which.
       * @enum {string}
       */
      service: "recorder" | "converter" | "reaper" | "api";
      /** @description Unique among all running processes. */
      instance: string;
      /**
       * Format: date-time
       * @description When it started; ISO 8601 UTC.
       */
      startedAt: string;
      problems: string[];
      /** @description Why it cannot use the changed configuration; absent while it can. */
      refusedConfiguration?: string;
      /** @description Disks whose folders cannot be synced; absent while it has met none. */
      foldersNotSynced?: string[];
      /** @description The reaper's alone. */
      forecasts?: components["schemas"]["DiskForecast"][];
    };
    /** @description A file system, and which of our directories lie on it. */
    Disk: {
      directories: string[];
      /** @description Of the disk. */
      totalBytes: number;
      /** @description That may still be written. */
      freeBytes: number;
      /** @description As df(1) counts it. */
      usedPercent: number;
      /** @description Files that it can hold; absent where only its bytes bound them. */
      totalInodes?: number;
      /** @description Files that it can still hold; absent as above. */
      freeInodes?: number;
      /** @description Days of footage that fit, at the rate of the last days; absent while no reaper tells. */
      daysThatFit?: number;
      /** @description Of bytes more days would fit; absent otherwise. */
      inodesRunOutFirst?: boolean;
      /**
       * @description YYYYMMDD of the oldest footage; absent while no reaper tells.
       * @example 20261124
       */
      oldestDay?: string;
    };
    /** @description The conversion queue. */
    Backlog: {
      /** @description Minutes that wait for their conversion. */
      waiting: number;
      /** @description Minutes that are being converted. */
      active: number;
      /** @description Conversions that were given up. */
      failed: number;
    };
    /** @description How the system does. */
    SystemStatus: {
      /**
       * @description `error` when there is any problem.
       * @enum {string}
       */
      status: "running" | "error";
      /** @description The enabled cameras by id: whether they are being recorded. */
      camera: {
        [key: string]: boolean;
      };
      /** @description What is wrong and has lasted, errors first. */
      health: components["schemas"]["Condition"][];
      /** @description What is wrong at this moment. */
      problems: components["schemas"]["SystemProblem"][];
      /** @description What needs attention but is no error. */
      warnings: components["schemas"]["SystemProblem"][];
      /** @description What is worth knowing: nothing is wrong, but less is promised. No condition comes of it. */
      notes: components["schemas"]["SystemProblem"][];
      /** @description What the recorders tell; empty while Redis is away. */
      cameras: components["schemas"]["CameraStatus"][];
      /** @description What runs; empty while Redis is away. */
      services: components["schemas"]["ServiceStatus"][];
      disks: components["schemas"]["Disk"][];
      /** @description null while Redis is away. */
      backlog: components["schemas"]["Backlog"] | null;
    };
    /**
     * @description ready: can be played; recording: being written; waiting: for its conversion; quarantined: could not be converted.
     * @enum {string}
     */
    MinuteState: "ready" | "recording" | "waiting" | "quarantined";
    /** @description A minute of a camera. */
    ListedMinute: {
      name: components["schemas"]["MinuteName"];
      /**
       * Format: date-time
       * @description When the minute begins; ISO 8601 UTC.
       */
      start: string;
      state: components["schemas"]["MinuteState"];
      /** @description Of the mp4, or of the chunks while there is none; absent when they are in quarantine. */
      sizeBytes?: number;
      /** @description Whether its picture can be had. */
      hasPreview: boolean;
      /** @description Whether its small picture can be had. */
      hasThumbnail: boolean;
      /** @description One of several copies: asked for with `?copy=`. */
      copy?: number;
      recorded?: components["schemas"]["Recorded"];
    };
    /** @description A camera's state or problem is another. */
    CameraEvent: {
      camera: components["schemas"]["CameraId"];
      /** @description Whether it is being recorded. */
      recording: boolean;
      /**
       * @description unknown: no recorder tells.
       * @enum {string}
       */
      state: "connecting" | "recording" | "unwritten" | "stalled" | "refused" | "stopped" | "unknown";
      /**
       * Format: date-time
       * @description Since when.
       */
      since: string | null;
      /** @description What is wrong. */
      problem: string | null;
    };
    /** @description The system's health is another. */
    HealthEvent: {
      /**
       * @description As in system.json.
       * @enum {string}
       */
      status: "running" | "error";
      health: components["schemas"]["Condition"][];
      problems: components["schemas"]["SystemProblem"][];
      warnings: components["schemas"]["SystemProblem"][];
    };
    /** @description A condition began or ended. */
    ConditionEvent: {
      /**
       * @description Which.
       * @enum {string}
       */
      change: "began" | "ended";
      condition: components["schemas"]["Condition"];
    };
    /** @description A minute can be had, its pictures can, or a late part was merged into it. */
    MinuteEvent: {
      camera: components["schemas"]["CameraId"];
      name: components["schemas"]["MinuteName"];
      /**
       * Format: date-time
       * @description When the minute begins; ISO 8601 UTC.
       */
      start: string;
      /** @description Whether its picture can be had. */
      hasPreview: boolean;
      /** @description Whether its small picture can be had. */
      hasThumbnail: boolean;
    };
    /** @description A condition as it lasted. */
    LastedCondition: {
      /**
       * @description What kind of condition.
       * @enum {string}
       */
      id:
        | "camera-not-recording"
        | "camera-clock-off"
        | "footage-missing"
        | "redis-away"
        | "redis-evicts"
        | "redis-replica"
        | "redis-outdated"
        | "service-missing"
        | "service-problem"
        | "configuration-refused"
        | "conversion-behind"
        | "conversion-failed"
        | "chunk-quarantined"
        | "disk-unreadable"
        | "disk-full"
        | "disk-filling"
        | "retention-short"
        | "clocks-disagree"
        | "clock-stepped"
        | "clock-unsynchronized";
      /**
       * @description Whether it is an error.
       * @enum {string}
       */
      severity: "error" | "warning";
      /** @description The camera, service, disk or host that it is about. */
      subject: string;
      /**
       * Format: date-time
       * @description Since when; ISO 8601 UTC.
       */
      since: string;
      /** @description What is wrong. */
      message: string;
      /**
       * Format: date-time
       * @description When it was over; absent while it lasts; ISO 8601 UTC.
       */
      until?: string;
    };
    /** @description Conditions of a time. */
    ConditionList: {
      /**
       * Format: date-time
       * @description What was asked for; ISO 8601 UTC.
       */
      from: string;
      /**
       * Format: date-time
       * @description Excluded; ISO 8601 UTC.
       */
      to: string;
      conditions: components["schemas"]["LastedCondition"][];
      /** @description Always true; there while Redis does not answer: only what this api itself has seen is listed. */
      partial?: boolean;
      /**
       * Format: uri-reference
       * @description Where the list goes on, relative to the address that was asked for; absent at its end.
       */
      next?: string;
    };
    /** @description Every camera. */
    CameraStates: {
      cameras: components["schemas"]["CameraWithState"][];
      /** @description Cameras whose disk cannot be read. */
      unreadable?: components["schemas"]["CameraId"][];
    };
    /** @description A camera. */
    CameraWithState: {
      camera: components["schemas"]["CameraId"];
      /** @description Whether it is in the configuration; others were, and have footage. */
      configured: boolean;
      /** @description Whether it is to be recorded. */
      enabled: boolean;
      /** @description Whether it is being recorded. */
      recording: boolean;
      /**
       * @description unknown: no recorder tells.
       * @enum {string}
       */
      state: "connecting" | "recording" | "unwritten" | "stalled" | "refused" | "stopped" | "unknown";
      /**
       * Format: date-time
       * @description Since when.
       */
      since: string | null;
      /** @description What is wrong. */
      problem: string | null;
      /** @description RFC 6381, such as avc1.64001f. */
      codec?: string;
      /** @description Pixels, as coded. */
      width?: number;
      /** @description Pixels, as coded. */
      height?: number;
      /** @description Square pixels, as shown: another number than `width` where the camera's pixels are wide. */
      displayWidth?: number;
      /** @description Square pixels, as shown: another number than `height` where the camera's pixels are narrow. */
      displayHeight?: number;
      /** @description Over the last 5 s. */
      framesPerSecond?: number;
      /** @description Over the last 5 s. */
      bitsPerSecond?: number;
      /**
       * Format: date-time
       * @description Capture time of the newest frame; ISO 8601 UTC.
       */
      newestFrame?: string;
      /** @description The first day with footage. */
      firstDay: components["schemas"]["Day"] | null;
      /** @description The last day with footage. */
      lastDay: components["schemas"]["Day"] | null;
    };
    /** @description A day's minutes with the cameras that have them. */
    DayOfCameras: {
      /** @description The first minute. */
      min: components["schemas"]["MinuteName"] | null;
      /** @description The last minute. */
      max: components["schemas"]["MinuteName"] | null;
      /** @description The cameras that were asked for. */
      camera_ids: components["schemas"]["CameraId"][];
      /** @description By minute, the cameras that have it. */
      dates: {
        [key: string]: components["schemas"]["CameraId"][];
      };
      /** @description Cameras whose disk cannot be read. */
      unreadable?: components["schemas"]["CameraId"][];
    };
    /** @description Minutes of a camera. */
    MinuteList: {
      camera: components["schemas"]["CameraId"];
      /**
       * Format: date-time
       * @description What was asked for; ISO 8601 UTC.
       */
      from: string;
      /**
       * Format: date-time
       * @description Excluded; ISO 8601 UTC.
       */
      to: string;
      minutes: components["schemas"]["ListedMinute"][];
      /**
       * Format: uri-reference
       * @description Where the list goes on, relative to the address that was asked for; absent at its end.
       */
      next?: string;
    };
    /** @description When a camera was recorded. */
    SpanList: {
      camera: components["schemas"]["CameraId"];
      /**
       * Format: date-time
       * @description What was asked for; ISO 8601 UTC.
       */
      from: string;
      /**
       * Format: date-time
       * @description Excluded; ISO 8601 UTC.
       */
      to: string;
      /** @description Less than a second apart is unbroken; cut to what was asked for. */
      spans: components["schemas"]["Span"][];
      /**
       * Format: uri-reference
       * @description Where the list goes on, relative to the address that was asked for; absent at its end.
       */
      next?: string;
    };
    /** @description A stretch of time, to the microsecond. */
    Span: {
      /**
       * Format: date-time
       * @description Where it begins; ISO 8601 UTC.
       */
      start: string;
      /**
       * Format: date-time
       * @description Excluded; ISO 8601 UTC.
       */
      end: string;
    };
    /** @description What is in a minute, by its capture times. */
    Recorded: {
      /**
       * Format: date-time
       * @description When its first picture was taken; ISO 8601 UTC.
       */
      start: string;
      /**
       * Format: date-time
       * @description Where its last picture ends; ISO 8601 UTC.
       */
      end: string;
      /** @description Gaps not counted. */
      durationSeconds: number;
      /** @description Of a second and more. */
      gaps: components["schemas"]["Span"][];
      /** @description RFC 6381, such as avc1.64001f. */
      codec?: string;
      /** @description Pixels, as coded. */
      width?: number;
      /** @description Pixels, as coded. */
      height?: number;
      /** @description Square pixels, as shown: another number than `width` where the camera's pixels are wide. */
      displayWidth?: number;
      /** @description Square pixels, as shown: another number than `height` where the camera's pixels are narrow. */
      displayHeight?: number;
    };
    /** @description Days with footage by camera. */
    DayList: {
      /** @description By camera, ascending. */
      cameras: {
        [key: string]: components["schemas"]["Day"][];
      };
      /** @description Cameras whose disk cannot be read. */
      unreadable?: components["schemas"]["CameraId"][];
      /**
       * Format: uri-reference
       * @description Where the list goes on, relative to the address that was asked for; absent at its end.
       */
      next?: string;
    };
    /** @description A range that can be had. */
    RangeOfCodec: {
      /** @description The type of its sample entries, such as avc1. */
      codec: string;
      start: components["schemas"]["GivenInstant"];
      end: components["schemas"]["GivenInstant"];
    };
    /** @description A member of a `no-footage` problem. */
    NothingInRange: {
      /** @description How many minutes there are that are damaged; absent where there are none. */
      damagedMinutes?: number;
    } & {
      [key: string]: unknown;
    };
    /** @description Members of a `codec-change` problem. */
    CodecChange: {
      /** @description What can be had instead. */
      ranges: components["schemas"]["RangeOfCodec"][];
    } & {
      [key: string]: unknown;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  readSystem: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description How the system does. */
      200: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            date: components["schemas"]["EnvelopeDate"];
            system: components["schemas"]["System"];
            payload: components["schemas"]["SystemStatus"];
          };
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listConditions: {
    parameters: {
      query?: {
        /** @description A UTC day. */
        day?: components["schemas"]["GivenDay"];
        /** @description The start of the stretch of time. */
        from?: components["schemas"]["GivenInstant"];
        /** @description Its end, excluded. */
        to?: components["schemas"]["GivenInstant"];
        /** @description Only conditions of these cameras; without it all, also those of no camera. */
        camera_ids?: string[];
        /** @description How many entries a page has; without it all are listed. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description In the order in which they ended; those that last come last. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ConditionList"];
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date`, `invalid-time` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-date"
              | "urn:hindsight:problem:invalid-time";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  readHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It lives. */
      200: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            /** @constant */
            status: "ok";
          };
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  readMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Text of Prometheus' exposition format. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  readOpenApi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OpenAPI 3.1. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            [key: string]: unknown;
          };
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  readDocs: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The page. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/html": string;
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  readDocsFile: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Its name. */
        file: "swagger-ui.css" | "swagger-ui-bundle.js" | "start.js";
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/css": string;
          "text/javascript": string;
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listCameras: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The enabled cameras, in the order of the configuration. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            date: components["schemas"]["EnvelopeDate"];
            system: components["schemas"]["System"];
            payload: {
              cameras: components["schemas"]["CameraId"][];
            };
          };
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listCameraStates: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The configured ones first, in the order of the configuration. */
      200: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["CameraStates"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listDay: {
    parameters: {
      query?: {
        /** @description Cameras, with commas between; without it all that are known. */
        camera_ids?: string[];
      };
      header?: never;
      path: {
        /** @description The UTC day. */
        day: components["schemas"]["GivenDay"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The day's minutes. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            date: components["schemas"]["EnvelopeDate"];
            system: components["schemas"]["System"];
            payload: components["schemas"]["DayOfCameras"];
          };
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `invalid-date`, `bad-request` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:invalid-date" | "urn:hindsight:problem:bad-request";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getPreview: {
    parameters: {
      query?: {
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
        /** @description Which of several copies of the minute. */
        copy?: number;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
        /** @description The minute's UTC day. */
        day: components["schemas"]["GivenDay"];
        /** @description The minute, UTC. */
        time: components["schemas"]["TimeOfDay"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The picture. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:bad-request" | "urn:hindsight:problem:invalid-date";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getThumbnail: {
    parameters: {
      query?: {
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
        /** @description Which of several copies of the minute. */
        copy?: number;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
        /** @description The minute's UTC day. */
        day: components["schemas"]["GivenDay"];
        /** @description The minute, UTC. */
        time: components["schemas"]["TimeOfDay"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The picture. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:bad-request" | "urn:hindsight:problem:invalid-date";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getMinute: {
    parameters: {
      query?: {
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
        /** @description Which of several copies of the minute. */
        copy?: number;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
        /** @description The minute's UTC day. */
        day: components["schemas"]["GivenDay"];
        /** @description The minute, UTC. */
        time: components["schemas"]["TimeOfDay"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The video. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "video/mp4": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "video/mp4": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:bad-request" | "urn:hindsight:problem:invalid-date";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getSprites: {
    parameters: {
      query?: {
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
        /** @description The hour's UTC day. */
        day: components["schemas"]["GivenDay"];
        /** @description The hour, UTC. */
        hour: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The sheet. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:bad-request" | "urn:hindsight:problem:invalid-date";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getSnapshot: {
    parameters: {
      query?: {
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The picture. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description An HTTP date. */
          "Last-Modified": string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:bad-request";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listSpans: {
    parameters: {
      query?: {
        /** @description A UTC day. */
        day?: components["schemas"]["GivenDay"];
        /** @description The start of the stretch of time. */
        from?: components["schemas"]["GivenInstant"];
        /** @description Its end, excluded. */
        to?: components["schemas"]["GivenInstant"];
        /** @description How many entries a page has; without it all are listed. */
        limit?: number;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The spans, ascending. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SpanList"];
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date`, `invalid-time` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-date"
              | "urn:hindsight:problem:invalid-time";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera" | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listMinutes: {
    parameters: {
      query?: {
        /** @description A UTC day. */
        day?: components["schemas"]["GivenDay"];
        /** @description The start of the stretch of time. */
        from?: components["schemas"]["GivenInstant"];
        /** @description Its end, excluded. */
        to?: components["schemas"]["GivenInstant"];
        /** @description Tells of each minute what was recorded; `0` and `false` mean no. */
        details?: string;
        /** @description How many entries a page has; without it all are listed. */
        limit?: number;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The minutes, ascending. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["MinuteList"];
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date`, `invalid-time` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-date"
              | "urn:hindsight:problem:invalid-time";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera" | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  listDays: {
    parameters: {
      query?: {
        /** @description The first day. */
        from?: components["schemas"]["GivenDay"];
        /** @description The last day. */
        to?: components["schemas"]["GivenDay"];
        /** @description Cameras, with commas between; without it all that are known. */
        camera_ids?: string[];
        /** @description How many entries a page has; without it all are listed. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The days, converted or not, by camera. */
      200: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["DayList"];
        };
      };
      /** @description Still the same (`If-None-Match`). */
      304: {
        headers: {
          /** @description Weak: another content, another tag. */
          ETag: string;
          /** @description Asked for anew each time. */
          "Cache-Control": "private, no-cache";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date`, `invalid-time` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-date"
              | "urn:hindsight:problem:invalid-time";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getRangeArchive: {
    parameters: {
      query: {
        /** @description Cameras, with commas between; without it all that are known. */
        camera_ids?: string[];
        /** @description The first picture is the one on show now. */
        start: components["schemas"]["GivenInstant"];
        /** @description The last picture begins before. */
        end: components["schemas"]["GivenInstant"];
        /** @description Whether gaps are skipped, or take their time. */
        gaps?: "skip" | "keep";
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The videos, stored as they are; a text names the cameras without footage. */
      200: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description Only as a whole. */
          "Accept-Ranges": "none";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "application/zip": string;
        };
      };
      /** @description The request is malformed. `bad-request`, `invalid-time`, `range-too-long` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-time"
              | "urn:hindsight:problem:range-too-long";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera" | "urn:hindsight:problem:no-footage";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had as one. `codec-change` */
      409: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 409;
            /** @enum {string} */
            type?: "urn:hindsight:problem:codec-change";
          } & (components["schemas"]["Problem"] & components["schemas"]["CodecChange"]);
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getRange: {
    parameters: {
      query: {
        /** @description The first picture is the one on show now. */
        start: components["schemas"]["GivenInstant"];
        /** @description The last picture begins before. */
        end: components["schemas"]["GivenInstant"];
        /** @description Whether gaps are skipped, or take their time. */
        gaps?: "skip" | "keep";
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The video; nothing is encoded anew. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "video/mp4": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "video/mp4": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The range lies partly past what is written: the same with the `end` that holds. */
      307: {
        headers: {
          /** @description A relative reference. */
          Location: string;
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date`, `invalid-time`, `range-too-long` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-date"
              | "urn:hindsight:problem:invalid-time"
              | "urn:hindsight:problem:range-too-long";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & (components["schemas"]["Problem"] & components["schemas"]["NothingInRange"]);
        };
      };
      /** @description It cannot be had as one. `codec-change` */
      409: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 409;
            /** @enum {string} */
            type?: "urn:hindsight:problem:codec-change";
          } & (components["schemas"]["Problem"] & components["schemas"]["CodecChange"]);
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  getNamedRange: {
    parameters: {
      query?: {
        /** @description Where a range that reached into the present was pinned. */
        end?: components["schemas"]["GivenInstant"];
        /** @description Whether gaps are skipped, or take their time. */
        gaps?: "skip" | "keep";
        /** @description Has the browser save the file; `0` and `false` mean no. */
        download?: string;
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
        /** @description The UTC day of the first minute. */
        fromDay: components["schemas"]["GivenDay"];
        /** @description The first minute, UTC. */
        fromTime: components["schemas"]["TimeOfDay"];
        /** @description The UTC day of the last minute. */
        toDay: components["schemas"]["GivenDay"];
        /** @description The last minute, UTC. */
        toTime: components["schemas"]["TimeOfDay"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The video; nothing is encoded anew. */
      200: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          [name: string]: unknown;
        };
        content: {
          "video/mp4": string;
        };
      };
      /** @description The bytes of `Range`. */
      206: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          /** @description Bytes. */
          "Content-Length": string;
          /** @description A name to save it by. */
          "Content-Disposition": string;
          /** @description Which bytes these are, of how many. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "video/mp4": string;
        };
      };
      /** @description Still the same (`If-None-Match`, `If-Modified-Since`). */
      304: {
        headers: {
          /** @description Strong: other bytes, another tag. */
          ETag: string;
          /** @description How long it may be kept. */
          "Cache-Control": string;
          /** @description Byte ranges can be asked for. */
          "Accept-Ranges": "bytes";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The range lies partly past what is written: the same with the `end` that holds. */
      307: {
        headers: {
          /** @description A relative reference. */
          Location: string;
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request`, `invalid-date`, `invalid-time`, `range-too-long` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:bad-request"
              | "urn:hindsight:problem:invalid-date"
              | "urn:hindsight:problem:invalid-time"
              | "urn:hindsight:problem:range-too-long";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-footage`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?:
              | "urn:hindsight:problem:unknown-camera"
              | "urn:hindsight:problem:no-footage"
              | "urn:hindsight:problem:no-such-resource";
          } & (components["schemas"]["Problem"] & components["schemas"]["NothingInRange"]);
        };
      };
      /** @description It cannot be had as one. `codec-change` */
      409: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 409;
            /** @enum {string} */
            type?: "urn:hindsight:problem:codec-change";
          } & (components["schemas"]["Problem"] & components["schemas"]["CodecChange"]);
        };
      };
      /** @description A precondition does not hold. `precondition-failed` */
      412: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 412;
            /** @enum {string} */
            type?: "urn:hindsight:problem:precondition-failed";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description The byte range lies past the end. `range-not-satisfiable` */
      416: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description How many bytes there are. */
          "Content-Range": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 416;
            /** @enum {string} */
            type?: "urn:hindsight:problem:range-not-satisfiable";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  followEvents: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description `x-events` names the events and what their `data` holds, as JSON. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/event-stream": string;
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
  watchLive: {
    parameters: {
      query?: {
        /** @description Of the pictures. */
        codec?: "h264" | "mpeg1";
      };
      header?: never;
      path: {
        /** @description The camera, as the configuration names it. */
        id: components["schemas"]["CameraId"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A WebSocket; docs/live.md tells what comes. */
      101: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request is malformed. `bad-request` */
      400: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 400;
            /** @enum {string} */
            type?: "urn:hindsight:problem:bad-request";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Not from there. `cross-site` */
      403: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 403;
            /** @enum {string} */
            type?: "urn:hindsight:problem:cross-site";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description There is no such thing. `unknown-camera`, `no-such-resource` */
      404: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 404;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unknown-camera" | "urn:hindsight:problem:no-such-resource";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description Only over a WebSocket. `upgrade-required` */
      426: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 426;
            /** @enum {string} */
            type?: "urn:hindsight:problem:upgrade-required";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description This client occupies as much as it may. `too-many-requests` */
      429: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          /** @description In seconds. */
          "Retry-After": string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 429;
            /** @enum {string} */
            type?: "urn:hindsight:problem:too-many-requests";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description A fault of ours; the log has it. `internal` */
      500: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 500;
            /** @enum {string} */
            type?: "urn:hindsight:problem:internal";
          } & components["schemas"]["Problem"];
        };
      };
      /** @description It cannot be had at this moment. `unavailable` */
      503: {
        headers: {
          /** @description Never kept. */
          "Cache-Control": "no-store";
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": {
            /** @constant */
            status?: 503;
            /** @enum {string} */
            type?: "urn:hindsight:problem:unavailable";
          } & components["schemas"]["Problem"];
        };
      };
    };
  };
}
