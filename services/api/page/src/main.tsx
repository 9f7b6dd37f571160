import "./ui/theme.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { startServices } from "./services.ts";

const root = document.getElementById("app");
if (root !== null) render(<App services={startServices()} />, root);
