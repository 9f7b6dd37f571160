import type * as OpenApi from "openapi3-ts/oas31";
import {
  cameraId,
  cameraIds,
  download,
  file,
  get,
  inPath,
  inQuery,
  instant,
  list,
  object,
  PICTURE_SIZE,
  pictureSize,
  problems,
  ref,
  revalidatedJson,
  text,
} from "./parts.ts";

const ofMinute = [
  cameraId,
  inPath("day", "The minute's UTC day.", ref("GivenDay")),
  inPath("time", "The minute, UTC.", ref("TimeOfDay")),
  download,
  inQuery("copy", "Which of several copies of the minute.", { type: "integer", minimum: 1, maximum: 99, default: 1 }),
];
const refused = problems({
  400: ["bad-request", "invalid-date"],
  404: ["unknown-camera", "no-footage", "no-such-resource"],
});

export const stretch = [
  inQuery("day", "A UTC day.", ref("GivenDay")),
  inQuery("from", "The start of the stretch of time.", ref("GivenInstant")),
  inQuery("to", "Its end, excluded.", ref("GivenInstant")),
];
const refusedStretch = problems({
  400: ["bad-request", "invalid-date", "invalid-time"],
  404: ["unknown-camera", "no-such-resource"],
  503: ["unavailable"],
});
const details: OpenApi.ParameterObject = {
  ...inQuery("details", "Tells of each minute what was recorded; `0` and `false` mean no.", { type: "string" }),
  allowEmptyValue: true,
};
export const limit = inQuery("limit", "How many entries a page has; without it all are listed.", {
  type: "integer",
  minimum: 1,
  maximum: 10_000,
});
export const next: OpenApi.SchemaObject = {
  type: "string",
  format: "uri-reference",
  description: "Where the list goes on, relative to the address that was asked for; absent at its end.",
};

export const footagePaths: OpenApi.PathsObject = {
  "/api/1/camera/{id}.preview.{day}.{time}.jpg": get({
    operationId: "getPreview",
    tags: ["Footage"],
    summary: "The first picture of a minute",
    parameters: ofMinute,
    responses: { ...file("image/jpeg", "The picture.", { dated: true }), ...refused },
  }),
  "/api/1/camera/{id}.thumbnail.{day}.{time}.jpg": get({
    operationId: "getThumbnail",
    tags: ["Footage"],
    summary: "The first picture of a minute, small",
    parameters: ofMinute,
    responses: { ...file("image/jpeg", "The picture.", { dated: true }), ...refused },
  }),
  "/api/1/camera/{id}.preview.{day}.{time}.mp4": get({
    operationId: "getMinute",
    tags: ["Footage"],
    summary: "The video of a minute",
    parameters: ofMinute,
    responses: { ...file("video/mp4", "The video.", { dated: true }), ...refused },
  }),
  "/api/1/camera/{id}.sprites.{day}.{hour}.jpg": get({
    operationId: "getSprites",
    tags: ["Footage"],
    summary: "The thumbnails of an hour in one picture",
    description:
      "2560 × 864 pixels; the cell of minute m is 256 × 144 pixels at column m % 10, row floor(m / 10). Minutes without a thumbnail are dark.",
    parameters: [
      cameraId,
      inPath("day", "The hour's UTC day.", ref("GivenDay")),
      inPath("hour", "The hour, UTC.", { type: "string", pattern: "^([01]\\d|2[0-3])$" }),
      download,
    ],
    responses: {
      ...file("image/jpeg", "The sheet.", { dated: false, kept: true }),
      ...problems({
        400: ["bad-request", "invalid-date"],
        404: ["unknown-camera", "no-footage", "no-such-resource"],
        503: ["unavailable"],
      }),
    },
  }),
  "/api/1/camera/{id}/snapshot.jpg": get({
    operationId: "getSnapshot",
    tags: ["Footage"],
    summary: "The newest picture of a camera",
    description: "`Last-Modified` tells when it was taken.",
    parameters: [cameraId, download],
    responses: {
      ...file("image/jpeg", "The picture.", { dated: true, kept: false }),
      ...problems({
        400: ["bad-request"],
        404: ["unknown-camera", "no-footage", "no-such-resource"],
        503: ["unavailable"],
      }),
    },
  }),
  "/api/1/camera/{id}/spans": get({
    operationId: "listSpans",
    tags: ["Footage"],
    summary: "When a camera was recorded",
    description:
      "By capture times, unbroken from minute to minute. Give either `day`, or `from` and `to`: 31 days at most.",
    parameters: [cameraId, ...stretch, limit],
    responses: { ...revalidatedJson(ref("SpanList"), "The spans, ascending."), ...refusedStretch },
  }),
  "/api/1/camera/{id}/minutes": get({
    operationId: "listMinutes",
    tags: ["Footage"],
    summary: "A camera's minutes with start, size and state",
    description: "Give either `day`, or `from` and `to`: 31 days at most.",
    parameters: [cameraId, ...stretch, details, limit],
    responses: { ...revalidatedJson(ref("MinuteList"), "The minutes, ascending."), ...refusedStretch },
  }),
  "/api/1/days": get({
    operationId: "listDays",
    tags: ["Footage"],
    summary: "The days that have footage",
    parameters: [
      inQuery("from", "The first day.", ref("GivenDay")),
      inQuery("to", "The last day.", ref("GivenDay")),
      cameraIds,
      limit,
    ],
    responses: {
      ...revalidatedJson(ref("DayList"), "The days, converted or not, by camera."),
      ...problems({
        400: ["bad-request", "invalid-date", "invalid-time"],
        404: ["unknown-camera"],
        503: ["unavailable"],
      }),
    },
  }),
};

export const footageSchemas: Record<string, OpenApi.SchemaObject> = {
  MinuteList: object(
    "Minutes of a camera.",
    {
      camera: ref("CameraId"),
      from: instant("What was asked for"),
      to: instant("Excluded"),
      minutes: list(ref("ListedMinute")),
      next,
    },
    ["next"],
  ),
  SpanList: object(
    "When a camera was recorded.",
    {
      camera: ref("CameraId"),
      from: instant("What was asked for"),
      to: instant("Excluded"),
      spans: list(ref("Span"), "Less than a second apart is unbroken; cut to what was asked for."),
      next,
    },
    ["next"],
  ),
  Span: object("A stretch of time, to the microsecond.", {
    start: instant("Where it begins"),
    end: instant("Excluded"),
  }),
  Recorded: object(
    "What is in a minute, by its capture times.",
    {
      start: instant("When its first picture was taken"),
      end: instant("Where its last picture ends"),
      durationSeconds: { type: "number", minimum: 0, description: "Gaps not counted." },
      gaps: list(ref("Span"), "Of a second and more."),
      codec: text("RFC 6381, such as avc1.64001f."),
      ...pictureSize,
    },
    ["codec", ...PICTURE_SIZE],
  ),
  DayList: object(
    "Days with footage by camera.",
    {
      cameras: { type: "object", additionalProperties: list(ref("Day")), description: "By camera, ascending." },
      unreadable: list(ref("CameraId"), "Cameras whose disk cannot be read."),
      next,
    },
    ["unreadable", "next"],
  ),
};
