import type * as OpenApi from "openapi3-ts/oas31";
import {
  archive,
  cameraId,
  cameraIds,
  choice,
  count,
  download,
  file,
  get,
  inPath,
  inQuery,
  list,
  object,
  pinned,
  problems,
  ref,
} from "./parts.ts";

const gaps = inQuery("gaps", "Whether gaps are skipped, or take their time.", {
  ...choice(["skip", "keep"], ""),
  default: "skip",
});

const answers = {
  ...file("video/mp4", "The video; nothing is encoded anew.", { dated: false }),
  ...pinned,
  ...problems({
    400: ["bad-request", "invalid-date", "invalid-time", "range-too-long"],
    503: ["unavailable"],
  }),
  ...problems({ 404: ["unknown-camera", "no-footage", "no-such-resource"] }, {}, [ref("NothingInRange")]),
  ...problems({ 409: ["codec-change"] }, {}, [ref("CodecChange")]),
};

const start = inQuery("start", "The first picture is the one on show now.", ref("GivenInstant"), true);
const end = inQuery("end", "The last picture begins before.", ref("GivenInstant"), true);

export const rangePaths: OpenApi.PathsObject = {
  "/api/1/range.zip": get({
    operationId: "getRangeArchive",
    tags: ["Ranges"],
    summary: "What several cameras took between two instants, a video for each, as one zip",
    parameters: [cameraIds, start, end, gaps],
    responses: {
      ...archive("The videos, stored as they are; a text names the cameras without footage."),
      ...problems({
        400: ["bad-request", "invalid-time", "range-too-long"],
        404: ["unknown-camera", "no-footage"],
        503: ["unavailable"],
      }),
      ...problems({ 409: ["codec-change"] }, {}, [ref("CodecChange")]),
    },
  }),
  "/api/1/camera/{id}/range.mp4": get({
    operationId: "getRange",
    tags: ["Ranges"],
    summary: "What was taken between two instants, as one video",
    parameters: [cameraId, start, end, gaps, download],
    responses: answers,
  }),
  "/api/1/camera/{id}.range.{fromDay}.{fromTime}.to.{toDay}.{toTime}.mp4": get({
    operationId: "getNamedRange",
    tags: ["Ranges"],
    summary: "The minutes from the first to the last, both included, as one video",
    parameters: [
      cameraId,
      inPath("fromDay", "The UTC day of the first minute.", ref("GivenDay")),
      inPath("fromTime", "The first minute, UTC.", ref("TimeOfDay")),
      inPath("toDay", "The UTC day of the last minute.", ref("GivenDay")),
      inPath("toTime", "The last minute, UTC.", ref("TimeOfDay")),
      inQuery("end", "Where a range that reached into the present was pinned.", ref("GivenInstant")),
      gaps,
      download,
    ],
    responses: answers,
  }),
};

export const rangeSchemas: Record<string, OpenApi.SchemaObject> = {
  RangeOfCodec: object("A range that can be had.", {
    codec: { type: "string", description: "The type of its sample entries, such as avc1." },
    start: ref("GivenInstant"),
    end: ref("GivenInstant"),
  }),
  NothingInRange: {
    type: "object",
    description: "A member of a `no-footage` problem.",
    properties: { damagedMinutes: count("How many minutes there are that are damaged; absent where there are none.") },
    additionalProperties: true,
  },
  CodecChange: {
    type: "object",
    description: "Members of a `codec-change` problem.",
    required: ["ranges"],
    properties: { ranges: list(ref("RangeOfCodec"), "What can be had instead.") },
    additionalProperties: true,
  },
};
