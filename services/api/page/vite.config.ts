import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
  // The page is always served from the root of the api's own origin.
  base: "/",
  plugins: [preact()],
  build: {
    outDir: fileURLToPath(new URL("../../../dist/page", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // The policy of the api's answers allows no inline script and no data: URL for scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    // For `npx vite --config services/api/page/vite.config.ts` beside a running fleet.
    proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true }, "/admin": "http://127.0.0.1:8080" },
  },
});
