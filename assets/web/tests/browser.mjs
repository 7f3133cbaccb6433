/**
 * Walks through the page as a person would, in a real browser.
 *
 * Usage: node browser.mjs URL TOKEN VIEWER CONTAINER [SCREENSHOT.png], with the tokens of an admin and of a viewer. Prints one line a promise; exits with 1 at the first that is broken.
 */
import { chromium } from "playwright-core";

const [url, token, viewer, container, picture] = process.argv.slice(2);
/** How long the page may take to show something, in milliseconds. */
const PATIENCE = 20_000;

const browser = await chromium.launch({
  executablePath: process.env.CTO_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 700 }, colorScheme: "dark" });
  page.setDefaultTimeout(PATIENCE);
  const broken = [];
  page.on("pageerror", (error) => broken.push(String(error)));

  await page.goto(url);
  await page.getByLabel("Token").fill("cto_pat_nobody");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "not known" }).waitFor();
  console.log("a wrong token is refused");

  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  const row = page.getByRole("navigation", { name: "Containers" }).getByRole("button", { name: container });
  await row.waitFor();
  console.log("the container is listed");

  await row.click();
  const terminal = page.getByRole("region", { name: `Terminal of ${container}` });
  await terminal.locator("[data-state=live]").waitFor();
  await page.keyboard.type("echo $((6*7))-ok\n");
  await screenShows(page, token, container, "42-ok");
  console.log("what is typed reaches the program");

  const before = await size(page);
  await page.setViewportSize({ width: 800, height: 500 });
  await page.waitForFunction(([cols]) => document.querySelector(".xterm-rows, .xterm-screen") && window.innerWidth === 800 && cols > 0, before);
  await page.keyboard.type("clear; stty size; echo resized-$((1+1))\n");
  await screenShows(page, token, container, "resized-2");
  console.log("the terminal follows the window");

  if (picture) await page.screenshot({ path: picture });
  await page.getByRole("button", { name: "Detach" }).click();
  await page.getByText("Closing the page ends nothing").waitFor();
  console.log("detaching leaves the list");

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill(viewer);
  await page.getByRole("button", { name: "Sign in" }).click();
  await row.click();
  await terminal.locator("[data-state=live]").waitFor();
  await page.getByRole("status").filter({ hasText: "only watch" }).waitFor();
  console.log("a viewer watches");
  if (broken.length > 0) throw new Error(`errors in the page: ${broken.join("; ")}`);
} finally {
  await browser.close();
}

/** Waits until the session's screen, as the server sees it, shows `text`. */
async function screenShows(page, token, container, text) {
  const shown = await page.evaluate(
    async ({ token, container, text, patience }) => {
      const headers = { Authorization: `Bearer ${token}` };
      const end = Date.now() + patience;
      let screen = "";
      while (Date.now() < end) {
        const { items } = await (await fetch("/api/v1/sessions", { headers })).json();
        const session = items.find((one) => one.container_name === container && one.state === "live");
        if (session) screen = await (await fetch(`/api/v1/sessions/${session.id}/screen`, { headers })).text();
        if (screen.includes(text)) return true;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return screen;
    },
    { token, container, text, patience: PATIENCE },
  );
  if (shown !== true) throw new Error(`the screen never showed '${text}', but:\n${shown}`);
}

/** Columns and rows of the terminal as it is drawn. */
async function size(page) {
  return page.locator(".xterm-screen").evaluate((element) => [element.clientWidth, element.clientHeight]);
}
