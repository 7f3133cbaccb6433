/**
 * What tests in a real browser share. A test is a script: `node tests/browser/NAME.mjs URL TOKEN …`; it prints one line a promise
 * and exits with 1 at the first that is broken.
 *
 *     import { run } from "./harness.mjs";
 *     await run(async ({ url, args, open, signIn, promise, axe, shot }) => {
 *       const page = await open();
 *       await signIn(page, { token: args[0] });
 *       …
 *       promise("what holds now");
 *     });
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** How long the page may take to show something, in milliseconds. Long, since the machine has other things to do, too. */
export const PATIENCE = 60_000;
export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Ends a test after so many promises that `CTO_PROMISES` asks for, where the whole is too long. */
class Enough extends Error {}

/** Runs one test with a browser of its own, which is closed in the end, and fails for errors in any page. Arguments are those of the command line, unless others are given. */
export async function run(test, [url, ...args] = process.argv.slice(2)) {
  const broken = [];
  let left = Number(process.env.CTO_PROMISES ?? Infinity);
  const promise = (text) => {
    console.log(text);
    left -= 1;
    if (left <= 0) throw new Enough();
  };
  const browser = await chromium.launch({
    executablePath: process.env.CTO_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

  /** A page of its own context (its own cookies and storage). `phone`: small, with touch. `likes`: what the person likes, of `lib/preferences.ts`. */
  async function open({ likes, phone = false, viewport = phone ? PHONE : DESK, theme = "dark", at = "/", ...more } = {}) {
    const context = await browser.newContext({ viewport, colorScheme: theme, hasTouch: phone, isMobile: phone, deviceScaleFactor: phone ? 2 : 1, reducedMotion: "reduce", ...more });
    if (likes) await context.addInitScript((likes) => localStorage.getItem("cto.preferences") ?? localStorage.setItem("cto.preferences", JSON.stringify(likes)), likes);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => broken.push(String(error)));
    // What the page's policy refuses is said on the console alone.
    page.on("console", (message) => /Content Security Policy/i.test(message.text()) && broken.push(message.text()));
    page.on("request", (request) => /^https?:/.test(request.url()) && new URL(request.url()).origin !== new URL(url).origin && broken.push(`asked elsewhere: ${request.url()}`));
    await page.goto(new URL(at, url).href);
    return page;
  }

  try {
    await test({ url, args, browser, open, signIn, axe, shot, promise }).catch(async (error) => {
      if (error instanceof Enough) return;
      console.error(await seen(browser));
      throw error;
    });
    if (broken.length > 0) throw new Error(`errors in the page: ${broken.join("; ")}`);
  } finally {
    await browser.close();
  }
}

/** What every page shows by now: the reason why something else was never seen. */
async function seen(browser) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  const texts = pages.map(async (page) => `${page.url()} shows:\n${(await page.locator("body").innerText({ timeout: 5_000 }).catch(String)).slice(0, 1_500)}`);
  return (await Promise.all(texts)).join("\n");
}

/** Signs in at the page that is open, by token or by name and password; waits until the dashboard is there, unless it is refused. */
export async function signIn(page, { token, name, password, refused = false }) {
  await page.getByRole("group", { name: "How to sign in" }).getByRole("button", { name: token === undefined ? "Password" : "Token" }).click();
  const field = (label) => page.getByLabel(label, { exact: true }).and(page.locator("input"));
  if (token === undefined) {
    await field("Name").fill(name);
    await field("Password").fill(password);
  } else {
    await field("Token").fill(token);
  }
  await page.getByRole("button", { name: "Sign in" }).click();
  if (!refused) await page.getByRole("button", { name: /^Account/ }).waitFor();
}

/** Fails for serious findings of axe. `within` narrows it to a selector. */
export async function axe(page, { within, without = [] } = {}) {
  // Not as a script element: the page's policy allows none.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(({ within, without }) => globalThis.axe.run({ include: [within ?? "html"], ...(without.length > 0 ? { exclude: without } : {}) }), { within, without });
  const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  if (serious.length > 0) throw new Error(`axe: ${serious.map((one) => `${one.id} (${one.help}): ${one.nodes.map((node) => `${node.html} ${[...node.any, ...node.all].map((part) => part.message).join(", ")}`).slice(0, 4).join(" | ")}`).join("\n")}`);
}

/** When the greatest thing of a page was drawn, in milliseconds from the wish for it: loaded as often as said, each time without the browser's cache; the median. `shown` waits until the page has what it is for. */
export async function largestPaint(page, at, shown, times = 5) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  const found = [];
  for (let time = 0; time < times; time += 1) {
    await page.goto(at);
    await shown(page);
    found.push(
      await page.evaluate(
        () =>
          new Promise((resolve) =>
            new PerformanceObserver((list) => {
              const last = list.getEntries().at(-1);
              if (last) resolve(last.startTime);
            }).observe({ type: "largest-contentful-paint", buffered: true }),
          ),
      ),
    );
  }
  await cdp.detach();
  return Math.round(found.sort((a, b) => a - b)[Math.floor(times / 2)]);
}

/** A picture into the folder that CTO_SHOTS names; none without. */
export async function shot(page, name) {
  const folder = process.env.CTO_SHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** Waits until the newest live session of the container, as the server sees its screen, shows `text`. Asked beside the page, so that it proves what the server has. */
export async function screenShows(url, token, container, text) {
  const headers = { Authorization: `Bearer ${token}` };
  const ask = (path) => fetch(new URL(path, url), { headers });
  const end = Date.now() + PATIENCE;
  let screen = "";
  while (Date.now() < end) {
    const { items } = await (await ask("/api/v1/sessions")).json();
    const sessions = items.filter((one) => one.container_name === container && one.state === "live");
    for (const session of sessions) {
      screen = await (await ask(`/api/v1/sessions/${session.id}/screen`)).text();
      if (screen.includes(text)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the screen never showed '${text}', but:\n${screen}`);
}
