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
    // The api's security policy allows no inline scripts and no data: URLs for scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    // For `npx vite --config services/api/page/vite.config.ts` with a running fleet.
    proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true }, "/admin": "http://127.0.0.1:8080" },
  },
});
