import type * as OpenApi from "openapi3-ts/oas31";
import { CAMERA_STATES } from "../../../shared/status/camera-status.ts";
import {
  cameraIds,
  choice,
  flag,
  freshJson,
  get,
  inPath,
  instant,
  list,
  number,
  object,
  PICTURE_SIZE,
  pictureSize,
  problems,
  ref,
  revalidatedJson,
  text,
} from "./parts.ts";
import { envelope } from "./system.ts";

export const cameraPaths: OpenApi.PathsObject = {
  "/api/1/cameras.json": get({
    operationId: "listCameras",
    tags: ["Cameras"],
    summary: "The enabled cameras",
    responses: revalidatedJson(
      envelope(object("", { cameras: list(ref("CameraId")) })),
      "The enabled cameras, in the order of the configuration.",
    ),
  }),
  "/api/1/cameras": get({
    operationId: "listCameraStates",
    tags: ["Cameras"],
    summary: "Every camera that is or was configured, and how its recording does",
    responses: {
      ...freshJson(ref("CameraStates"), "The configured ones first, in the order of the configuration."),
      ...problems({ 503: ["unavailable"] }),
    },
  }),
  "/api/1/cameras/{day}": get({
    operationId: "listDay",
    tags: ["Cameras"],
    summary: "Which cameras have which minutes of a day",
    description: "Minutes that can be played; what is being recorded or waits for its conversion is not listed.",
    parameters: [inPath("day", "The UTC day.", ref("GivenDay")), cameraIds],
    responses: {
      ...revalidatedJson(envelope(ref("DayOfCameras")), "The day's minutes."),
      ...problems({ 400: ["invalid-date", "bad-request"], 404: ["unknown-camera"], 503: ["unavailable"] }),
    },
  }),
};

const day: OpenApi.SchemaObject = { oneOf: [ref("Day"), { type: "null" }] };

export const cameraSchemas: Record<string, OpenApi.SchemaObject> = {
  CameraStates: object(
    "Every camera.",
    {
      cameras: list(ref("CameraWithState")),
      unreadable: list(ref("CameraId"), "Cameras whose disk cannot be read."),
    },
    ["unreadable"],
  ),
  CameraWithState: object(
    "A camera.",
    {
      camera: ref("CameraId"),
      configured: flag("Whether it is in the configuration; others were, and have footage."),
      enabled: flag("Whether it is to be recorded."),
      recording: flag("Whether it is being recorded."),
      state: choice([...CAMERA_STATES, "unknown"], "unknown: no recorder tells."),
      since: { type: ["string", "null"], format: "date-time", description: "Since when." },
      problem: { type: ["string", "null"], description: "What is wrong." },
      codec: text("RFC 6381, such as avc1.64001f."),
      ...pictureSize,
      framesPerSecond: number("Over the last 5 s."),
      bitsPerSecond: number("Over the last 5 s."),
      newestFrame: instant("Capture time of the newest frame"),
      firstDay: { ...day, description: "The first day with footage." },
      lastDay: { ...day, description: "The last day with footage." },
    },
    ["codec", ...PICTURE_SIZE, "framesPerSecond", "bitsPerSecond", "newestFrame"],
  ),
  DayOfCameras: object(
    "A day's minutes with the cameras that have them.",
    {
      min: { oneOf: [ref("MinuteName"), { type: "null" }], description: "The first minute." },
      max: { oneOf: [ref("MinuteName"), { type: "null" }], description: "The last minute." },
      camera_ids: list(ref("CameraId"), "The cameras that were asked for."),
      dates: {
        type: "object",
        propertyNames: ref("MinuteName"),
        additionalProperties: list(ref("CameraId")),
        description: "By minute, the cameras that have it.",
      },
      unreadable: list(ref("CameraId"), "Cameras whose disk cannot be read."),
    },
    ["unreadable"],
  ),
};
