import { monitorEventLoopDelay } from "node:perf_hooks";
import express from "express";
import winston from "winston";
import { errorHandler } from "../../dist/services/api/http/errors.js";
import { Ranges, rehearse } from "../../dist/services/api/range/ranges.js";
import { rangeRoutes } from "../../dist/services/api/routes/range.js";
import { ApiServer } from "../../dist/services/api/server.js";
import { Catalog } from "../../dist/shared/catalog/catalog.js";

/**
 * The range endpoints alone, as built, in a separate process, on the store of the first argument; prints its port. A
 * second argument adds the rehearsal that an api does at its start. `/delay` returns the longest time, in ms, for which
 * nothing else could run since it was last requested.
 */
const [root, isRehearsed] = process.argv.slice(2);
const config = {
  current: { storage: { root }, cameras: new Map() },
  onChange: () => () => {},
};
const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const app = express();
app.set("query parser", "simple");
const catalog = new Catalog(config, logger);
const ranges = new Ranges({ catalog, logger });
app.use(rangeRoutes({ catalog, ranges, client: () => "bench" }), errorHandler(logger));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
app.get("/delay", (_req, res) => {
  res.send(String(delay.max / 1e6));
  delay.reset();
});
if (isRehearsed) await rehearse(ranges, catalog);
delay.reset();
process.stdout.write(`${await new ApiServer(app).listen("127.0.0.1", 0)}\n`);
