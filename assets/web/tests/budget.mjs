/** The first load, compressed: what index.html asks for, with all that those files import at once. Run after `npm run build`. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** Bytes. */
const BUDGET = 250 * 1024;
const dist = new URL("../dist/", import.meta.url);
const page = readFileSync(new URL("index.html", dist), "utf8");
const seen = new Map();

function take(name) {
  if (seen.has(name)) return;
  const bytes = readFileSync(new URL(name, dist));
  seen.set(name, gzipSync(bytes, { level: 9 }).length);
  if (!name.endsWith(".js")) return;
  // Static imports of a built chunk: `from"./x.js"` and `import"./x.js"`, not `import("./x.js")`.
  for (const [, file] of bytes.toString().matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g)) take(`assets/${file}`);
}

for (const [, name] of page.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css|svg))"/g)) take(name);
const all = [...seen.values()].reduce((sum, size) => sum + size, gzipSync(page).length);
const kib = (size) => `${(size / 1024).toFixed(1)} KiB`;
for (const [name, size] of seen) console.log(`${kib(size).padStart(10)}  ${name}`);
console.log(`${kib(all).padStart(10)}  first load, of ${kib(BUDGET)}`);
if (all > BUDGET || seen.size < 3) {
  console.error(seen.size < 3 ? "the page's files were not found" : "the first load is too heavy");
  process.exit(1);
}
