import { monitorEventLoopDelay } from "node:perf_hooks";
import express from "express";
import winston from "winston";
import { Catalog } from "../../services/api/catalog/catalog.ts";
import { errorHandler } from "../../services/api/http/errors.ts";
import { Ranges } from "../../services/api/range/ranges.ts";
import { rangeRoutes } from "../../services/api/routes/range.ts";
import { ApiServer } from "../../services/api/server.ts";
import type { LiveConfig } from "../../shared/config/config.ts";

/**
 * The range endpoints alone, in a process of their own, on the store of the first argument; prints its port. `/delay` tells for how many
 * ms at most nothing else had its turn since it was last asked.
 */
const root = process.argv[2] as string;
const config = {
  current: { storage: { root }, cameras: new Map() },
  onChange: () => () => {},
} as unknown as LiveConfig;
const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const app = express();
app.set("query parser", "simple");
const catalog = new Catalog(config, logger);
app.use(rangeRoutes({ catalog, ranges: new Ranges({ catalog, logger }) }), errorHandler(logger));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
app.get("/delay", (_req, res) => {
  res.send(String(delay.max / 1e6));
  delay.reset();
});
delay.reset();
process.stdout.write(`${await new ApiServer(app).listen("127.0.0.1", 0)}\n`);
