import type * as OpenApi from "openapi3-ts/oas31";
import { cameraId, choice, get, inQuery, problems, ref } from "./parts.ts";

export const livePaths: OpenApi.PathsObject = {
  "/api/1/events": get({
    operationId: "followEvents",
    tags: ["Live"],
    summary: "What changes, as it changes: server-sent events",
    description: "Begins with a `camera` event for each enabled camera and a `health` event.",
    responses: {
      200: {
        description: "`x-events` names the events and what their `data` holds, as JSON.",
        content: {
          "text/event-stream": {
            schema: { type: "string" },
            "x-events": {
              camera: ref("CameraEvent"),
              health: ref("HealthEvent"),
              condition: ref("ConditionEvent"),
              minute: ref("MinuteEvent"),
            },
          } as OpenApi.MediaTypeObject,
        },
      },
      ...problems({ 503: ["unavailable"] }),
    },
  }),
  "/api/1/camera/{id}/live": get({
    operationId: "watchLive",
    tags: ["Live"],
    summary: "A camera live, over a WebSocket",
    parameters: [
      cameraId,
      inQuery("codec", "Of the pictures.", { ...choice(["h264", "mpeg1"], ""), default: "h264" }),
      inQuery("origin", "Without a WebSocket: 403 tells why one of a page of this origin would be refused.", {
        type: "string",
      }),
    ],
    responses: {
      101: { description: "A WebSocket; docs/live.md tells what comes." },
      ...problems({
        400: ["bad-request"],
        403: ["cross-site"],
        404: ["unknown-camera", "no-such-resource"],
        426: ["upgrade-required"],
      }),
    },
  }),
};
