import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";

/** Where `make dev` finds the API; the built page is served by cto itself. */
const api = process.env["CTO_DEV_API"] ?? "http://127.0.0.1:7480";

// The host stays the page's own: the server refuses what another site's page asks.
const proxy = { "/api": { target: api, ws: true } };
/** The same as `src/server/web.rs` says. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const folder = new URL("../../themes/", import.meta.url);
/** Themes of the page; the sixteen-colour ones are for terminals that have no more. */
const NAMES = ["dark", "light", "high-contrast", "high-contrast-light"];

/** `virtual:themes.css`: the terminal client's theme files as CSS variables, so that no script has to paint the page. */
function themes(): Plugin {
  const id = "\0virtual:themes.css";
  return {
    name: "cto-themes",
    resolveId: (source) => (source === "virtual:themes.css" ? id : null),
    load(wanted) {
      if (wanted !== id) return null;
      return NAMES.map((name) => {
        const file = new URL(`${name}.json`, folder);
        this.addWatchFile(file.pathname);
        const { name: _, palette, dark, ...roles } = JSON.parse(readFileSync(file, "utf8")) as { name: string; palette: string[]; dark: boolean } & Record<string, string>;
        const lines = [
          `color-scheme:${dark ? "dark" : "light"}`,
          // What a theme leaves to the terminal, tokens.css says.
          ...Object.entries(roles).flatMap(([role, color]) => (color.startsWith("#") ? [`--${role.replaceAll("_", "-")}:${color}`] : [])),
          ...palette.map((color, index) => `--ansi-${index}:${color}`),
        ];
        return `:root[data-theme="${name}"]{${lines.join(";")}}`;
      }).join("\n");
    },
  };
}

export default defineConfig({
  plugins: [react(), themes()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  // The themes lie beside the page's own directory.
  server: { fs: { allow: [".", "../../themes"] }, proxy },
  // As cto serves it: the same policy.
  preview: { proxy, headers: { "Content-Security-Policy": POLICY } },
});
