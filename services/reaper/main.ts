import { onFreeUpRequest } from "../../shared/queue/free-up.ts";
import { runService } from "../../shared/service/run-service.ts";
import { Reaper } from "./reaper.ts";

await runService("reaper", async (context) => {
  const reaper = new Reaper(context);
  const endListening = onFreeUpRequest(context.redis, (directory) => reaper.freeUp(directory));
  return {
    problems: () => reaper.problems(),
    forecasts: () => reaper.forecasts(),
    async stop() {
      endListening();
      await reaper.stop();
    },
  };
});
