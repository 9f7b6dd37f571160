import type * as OpenApi from "openapi3-ts/oas31";
import { cameraPaths, cameraSchemas } from "./cameras.ts";
import { footagePaths, footageSchemas } from "./footage.ts";
import { livePaths } from "./live.ts";
import { rangePaths, rangeSchemas } from "./range.ts";
import { schemas } from "./schemas.ts";
import { systemPaths, systemSchemas } from "./system.ts";

const DESCRIPTION = `All times are UTC. Errors are problem details (RFC 9457). Everything is GET and HEAD; other methods
are answered 405 with \`Allow\`. Parameters that an endpoint does not know are disregarded. An answer has one form,
whatever \`Accept\` says.`;

/** The contract of every endpoint: an OpenAPI 3.1 document. Tests check the answers against it. */
export function openApiDocument(version: string): OpenApi.OpenAPIObject {
  return {
    openapi: "3.1.1",
    info: {
      title: "Hindsight",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [],
    tags: [
      { name: "System", description: "How the system does." },
      { name: "Cameras", description: "Which there are, and a day of several." },
      { name: "Footage", description: "A camera's days, minutes and their files." },
      { name: "Ranges", description: "Any stretch of time as one file." },
      { name: "Live", description: "What happens now." },
    ],
    paths: { ...systemPaths, ...cameraPaths, ...footagePaths, ...rangePaths, ...livePaths },
    components: { schemas: { ...schemas, ...systemSchemas, ...cameraSchemas, ...footageSchemas, ...rangeSchemas } },
  };
}
