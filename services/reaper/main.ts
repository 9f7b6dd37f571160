import { runService } from "../../shared/service/run-service.ts";
import { Reaper } from "./reaper.ts";

await runService("reaper", async (context) => new Reaper(context));
