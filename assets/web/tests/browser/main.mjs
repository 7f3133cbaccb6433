/** The main job: signing in, opening a terminal, typing. `node main.mjs URL TOKEN VIEWER CONTAINER`, with the tokens of an admin and of a viewer. */
import { largestPaint, run, screenShows } from "./harness.mjs";

await run(async ({ url, args: [token, viewer, container], open, signIn, axe, shot, promise }) => {
  const page = await open({ at: "/containers?view=table" });
  await signIn(page, { token: "cto_pat_nobody", refused: true });
  await page.getByRole("alert").filter({ hasText: "not a token" }).waitFor();
  await axe(page);
  await shot(page, "login");
  promise("a wrong token is refused");

  await signIn(page, { token });
  const grid = page.getByRole("grid", { name: "containers" });
  await grid.getByRole("row", { name: container }).waitFor();
  if (!page.url().endsWith("/containers?view=table")) throw new Error(`the place was not kept: ${page.url()}`);
  await axe(page);
  await shot(page, "containers-table");
  promise("signing in leads to where one was");

  await grid.focus();
  await page.keyboard.press("/");
  await page.keyboard.type(container);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  const terminal = page.getByRole("region", { name: `Terminal of ${container}` });
  const live = page.locator(".term-view[data-state=live]");
  await terminal.and(live).waitFor();
  await page.keyboard.type("echo $((6*7))-ok\n");
  await screenShows(url, token, container, "42-ok");
  promise("by keyboard alone, what is typed reaches the program");

  await page.setViewportSize({ width: 800, height: 500 });
  await page.keyboard.type("clear; while [ $(stty size | cut -d' ' -f1) -gt 24 ]; do :; done; echo resized-$((1+1))\n");
  await screenShows(url, token, container, "resized-2");
  await page.setViewportSize({ width: 1280, height: 800 });
  await axe(page, { without: [".xterm"] });
  await shot(page, "terminal");
  promise("the terminal follows the window");

  await page.keyboard.press("Shift+Tab");
  if (await page.evaluate(() => document.activeElement?.closest(".xterm") !== null)) throw new Error("the keyboard is caught in the terminal");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  promise("the keyboard leaves the terminal");

  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await sheet.getByRole("button", { name: /^g s sessions/ }).click();
  await page.keyboard.type("gc");
  await sheet.getByText("taken by 'containers'").waitFor();
  await axe(page, { within: ".dialog" });
  await shot(page, "keys");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("z");
  await page.keyboard.press("Enter");
  await sheet.getByRole("button", { name: /^z sessions/ }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("z");
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  await page.keyboard.press("?");
  await sheet.getByRole("button", { name: "All keys as they were" }).click();
  await sheet.getByRole("button", { name: /^g s sessions/ }).waitFor();
  await page.keyboard.press("Escape");
  promise("keys are another's choice: those that are taken are told, and all can be as they were");

  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Go to, or do…").fill("containers");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Containers", level: 1 }).waitFor();
  await page.getByRole("img", { name: `Screen of ${container}` }).waitFor();
  await axe(page);
  await shot(page, "containers-tiles");
  promise("the palette leads to pages");

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await signIn(page, { token: viewer });
  await page.getByRole("link", { name: container, exact: true }).click();
  await live.waitFor();
  await page.getByText("read-only").waitFor();
  await page.getByRole("button", { name: "Stop" }).hover();
  await page.getByRole("tooltip").filter({ hasText: "control:containers" }).waitFor();
  promise("a viewer watches, and is told which right is missing");

  const phone = await open({ phone: true });
  await signIn(phone, { token });
  await phone.getByRole("heading", { name: "Overview" }).waitFor();
  await axe(phone);
  await shot(phone, "phone-overview");
  await phone.getByRole("navigation", { name: "Main pages" }).getByRole("link", { name: "Containers" }).click();
  // The page before names it twice.
  await phone.waitForURL((url) => url.pathname.endsWith("/containers"));
  await phone.getByRole("heading", { name: "Overview" }).waitFor({ state: "detached" });
  await phone.getByRole("link", { name: container, exact: true }).click();
  await phone.locator(".term-view[data-state=live]").waitFor();
  await phone.getByRole("toolbar", { name: "Keys" }).waitFor();
  await phone.locator(".xterm-rows").filter({ hasText: "resized-2" }).waitFor();
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) throw new Error(`the page is ${wide} pixels wider than the phone`);
  await axe(phone, { without: [".xterm"] });
  await shot(phone, "phone-terminal");
  promise("a phone has the keys that it lacks");

  const light = await open({ theme: "light" });
  await signIn(light, { token });
  await light.getByRole("heading", { name: "Overview" }).waitFor();
  await light.getByRole("link", { name: container }).first().waitFor();
  await axe(light);
  await shot(light, "light-overview");
  promise("light themes are as readable");

  const paints = [];
  for (const [path, title] of [["", "Overview"], ["containers", "Containers"]]) {
    const time = await largestPaint(light, new URL(path, url).href, async (one) => {
      await one.getByRole("heading", { name: title, level: 1 }).waitFor();
      await one.getByRole("link", { name: container }).first().waitFor();
    });
    if (!(time > 0)) throw new Error(`nothing was drawn on ${title}`);
    // A bound of time is for a machine that does nothing else.
    if (process.env.CTO_PROVE && time >= 1_000) throw new Error(`${title}: the greatest thing was drawn after ${time} ms`);
    paints.push(`${title} after ${time} ms`);
  }
  promise(`the greatest thing is drawn: ${paints.join(", ")}`);
});
