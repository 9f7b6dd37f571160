import { runService } from "../../shared/service/run-service.ts";
import { Converter } from "./converter.ts";

await runService("converter", async (context) => new Converter(context));
