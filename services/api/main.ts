import { runService } from "../../shared/service/run-service.ts";
import { projectRoot } from "./project.ts";
import { startApi } from "./service.ts";

await runService("api", (context) => startApi(context, { projectRoot: projectRoot(import.meta.dirname) }));
