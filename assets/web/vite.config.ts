import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `make dev` finds the API; the built page is served by cto itself. */
const api = process.env["CTO_DEV_API"] ?? "http://127.0.0.1:7480";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  // The themes lie beside the page's own directory.
  server: { fs: { allow: [".", "../../themes"] }, proxy: { "/api": { target: api, ws: true, changeOrigin: true } } },
});
