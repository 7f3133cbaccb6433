/** Scripts, runs, schedules, triggers, webhooks, plugins, recordings. `node automation.mjs URL TOKEN VIEWER CONTAINER PLUGIN`: tokens of an admin and of a viewer, a container whose program is a shell, a plugin's folder. */
import { createServer } from "node:http";
import { PATIENCE, run, screenShows } from "./harness.mjs";

const BROKEN = `script {
	about = "Asks a container for its numbers",
	params = {
		box = { description = "which container" },
		rounds = { type = "integer", default = 3, min = 1, max = 9 },
	},
}

local term = container(params.box):opne()
`;
const RIGHT = BROKEN.replace("opne", "open") + `
step("the shell answers", function()
	term:wait_prompt()
	check.equal(term:run("echo $((6*7))"), "42")
end)

local times = {}
step("rounds", function()
	for round = 1, params.rounds do
		progress(round, params.rounds, "rounds")
		times[round] = { round = "r" .. round, ms = round * 10 }
		log("round", round)
	end
end)

term:hand_over("look at the shell", { until_seen = "all-well" })
report { rounds = params.rounds, times = times }
`;

/** Rows that the server has, asked beside the page. */
const asked = (url, token) => async (path, options = {}) => {
  const reply = await fetch(new URL(`/api/v1${path}`, url), { ...options, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" } });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.status === 204 ? null : reply.json();
};

/** Takes what webhooks send. */
async function receiver() {
  const got = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      got.push({ id: request.headers["webhook-id"], body: JSON.parse(body) });
      response.writeHead(200, { "Content-Type": "text/plain" });
      response.end("thank you");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { got, url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

async function until(what, holds) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await holds();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what}`);
}

await run(async ({ url, args: [token, viewer, container, plugin], open, signIn, axe, shot, promise }) => {
  const ask = asked(url, token);
  const hook = await receiver();
  const CODE = { without: [".cm-editor", ".xterm"] };
  try {
    const page = await open({ at: "/scripts" });
    await signIn(page, { token });
    const scripts = page.getByRole("grid", { name: "scripts" });
    await scripts.getByRole("row", { name: "vim-edit" }).waitFor();
    await axe(page);
    await shot(page, "scripts");
    await page.keyboard.press("n");
    await page.getByLabel("Name").fill("walk");
    await page.keyboard.press("Enter");
    const text = page.locator(".cm-content");
    await text.click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(BROKEN);
    const wrong = page.getByRole("list", { name: "What is wrong" });
    await wrong.getByRole("button", { name: /opne/ }).waitFor();
    await page.locator(".cm-lintRange").first().waitFor();
    await axe(page, CODE);
    await shot(page, "script-mistake");
    promise("a mistake is seen while it is written, with its place");

    await page.keyboard.press("Control+End");
    await page.keyboard.type("term:expec");
    await page.locator(".cm-tooltip-autocomplete").getByText("term:expect_screen").waitFor();
    await shot(page, "script-completion");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(RIGHT);
    await page.getByRole("status").filter({ hasText: "no mistakes" }).waitFor();
    await page.keyboard.press("Control+s");
    await page.getByText("walk is saved").first().waitFor();
    await until("the script is on the server", async () => (await ask("/scripts/walk")).source === RIGHT);
    promise("what can be called is offered, and Ctrl+S saves");

    await page.keyboard.press("Control+End");
    await page.keyboard.type("-- mine");
    await ask("/scripts/walk", { method: "PUT", body: JSON.stringify({ source: `${RIGHT}\n-- theirs\n` }) });
    await page.keyboard.press("Control+s");
    const conflict = page.getByRole("dialog", { name: "Somebody else saved it meanwhile" });
    await conflict.locator(".diff-out").filter({ hasText: "-- theirs" }).waitFor();
    await axe(page, CODE);
    await shot(page, "script-conflict");
    await conflict.getByRole("button", { name: "Save mine over it" }).click();
    await conflict.waitFor({ state: "detached" });
    await until("mine is saved", async () => (await ask("/scripts/walk")).source.includes("-- mine"));
    promise("what somebody else saved meanwhile is shown, not lost");

    const line = RIGHT.split("\n").findIndex((one) => one.includes("term:wait_prompt")) + 1;
    const row = await page.locator(".cm-line").nth(line - 1).boundingBox();
    const gutter = await page.locator(".cm-breakpoints").boundingBox();
    await page.mouse.click(gutter.x + gutter.width / 2, row.y + row.height / 2);
    await page.locator(".cm-breakpoints .cm-gutterElement:visible").filter({ hasText: "●" }).waitFor();
    await page.getByRole("button", { name: "Run…" }).click();
    const dialog = page.getByRole("dialog", { name: "Run walk" });
    await dialog.getByText(`It pauses at line ${line}.`).waitFor();
    await dialog.getByLabel("rounds").fill("12");
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await dialog.getByText("must be 9 at most").waitFor();
    await dialog.getByText("must be filled in").waitFor();
    await dialog.getByLabel("rounds").fill("4");
    await dialog.getByLabel("box").fill(container);
    await axe(page, { within: "[role=dialog]" });
    await shot(page, "run-dialog");
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    promise("a run's form says what is wrong before it starts");

    const state = page.locator(".page-title").getByRole("status");
    await state.filter({ hasText: "paused" }).waitFor();
    await page.locator(".term-view[data-state=live]").waitFor();
    await axe(page, CODE);
    await shot(page, "run-paused");
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: /the shell answers/ }).waitFor();
    promise("a run pauses at a breakpoint, steps and goes on, its terminal beside");

    await page.locator(".banner").filter({ hasText: "look at the shell" }).waitFor();
    const mine = page.locator(".term-view[data-state=live]").filter({ has: page.getByRole("button", { name: "Hand back" }) }).filter({ hasNotText: "read-only" });
    await page.getByRole("button", { name: "Take over" }).click();
    await mine.waitFor();
    await page.getByRole("button", { name: "Hand back" }).click();
    await page.getByText("read-only").waitFor();
    await page.getByRole("button", { name: "Take over" }).click();
    await mine.waitFor();
    await page.keyboard.type("echo all-$((1))well | tr -d 1\n");
    await state.filter({ hasText: "succeeded" }).waitFor();
    await page.getByRole("button", { name: /the shell answers/ }).click();
    await page.getByRole("img", { name: /Its last screen/ }).waitFor();
    await shot(page, "run-steps");
    await page.getByRole("tab", { name: /Log/ }).click();
    await page.getByRole("list", { name: "Log" }).getByText("round 4").waitFor();
    await axe(page, CODE);
    await shot(page, "run-log");
    await page.getByRole("tab", { name: /Results/ }).click();
    await page.getByRole("cell", { name: "r4" }).waitFor();
    await page.getByRole("list", { name: "times: ms" }).waitFor();
    await axe(page, CODE);
    await shot(page, "run-results");
    const [report] = await Promise.all([
      page.waitForEvent("download"),
      (async () => {
        await page.getByRole("button", { name: "More", exact: true }).last().click();
        await page.getByRole("menuitem", { name: "Download as JUnit XML" }).click();
      })(),
    ]);
    if (!report.suggestedFilename().endsWith(".xml")) throw new Error(`the report is called ${report.suggestedFilename()}`);
    promise("a person takes over and hands back; steps, log, results and the report are there");

    await page.getByRole("tab", { name: "History" }).click();
    await page.getByText("this one").waitFor();
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("grid", { name: "runs" }).getByRole("row", { name: /succeeded walk/ }).first().waitFor();
    await page.getByLabel("State", { exact: true }).selectOption("lost");
    await page.getByText("No run fits").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByRole("grid", { name: "runs" }).getByRole("row", { name: /succeeded walk/ }).first().waitFor();
    await axe(page);
    await shot(page, "runs");
    promise("runs are found by state and word");

    await page.getByRole("link", { name: "Schedules", exact: true }).click();
    await page.getByText("No schedules yet").waitFor();
    await page.keyboard.press("n");
    const form = page.getByRole("dialog", { name: "New schedule" });
    await form.getByLabel("Name").fill("nightly");
    await form.getByLabel("Script").selectOption("walk");
    await form.getByLabel("box").fill(container);
    await form.getByLabel("Cron line").fill("30 2 * *");
    await form.getByText(/a cron line has 5 fields/).waitFor();
    await form.getByLabel("Cron line").fill("30 2 * * *");
    await form.getByLabel("Time zone").fill("Europe/Berlin");
    await form.getByRole("list", { name: "Changes of the clocks" }).getByText(/does not exist on that day/).waitFor();
    await axe(page, { within: "[role=dialog]" });
    await shot(page, "schedule-form");
    await form.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("grid", { name: "schedules" }).getByRole("row", { name: /nightly/ }).waitFor();
    await axe(page);
    await shot(page, "schedules");
    promise("a schedule is made with its next times beside, and what the clocks do to them");

    await page.getByRole("button", { name: "Calendar" }).click();
    await page.getByRole("button", { name: "The month after" }).click();
    await page.getByRole("table").getByText("nightly").first().waitFor();
    await axe(page);
    await shot(page, "schedules-calendar");
    await page.getByRole("table").getByText("nightly").first().click();
    await page.getByRole("heading", { name: "nightly", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Run now" }).click();
    await page.getByRole("cell", { name: /by hand/ }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await axe(page);
    await shot(page, "schedule");
    const started = await until("its run waits for a person", async () => (await ask("/runs?q=walk")).items.find((one) => one.cause.kind === "schedule" && one.paused));
    await ask(`/runs/${started.id}/cancel`, { method: "POST" });
    promise("a calendar shows what comes; a schedule runs now, pauses, and says what became of its times");

    await page.getByRole("link", { name: "Webhooks", exact: true }).click();
    await page.getByRole("button", { name: "New webhook" }).click();
    const made = page.getByRole("dialog", { name: "New webhook or notification" });
    await made.getByLabel("Name", { exact: false }).first().fill("tells");
    await made.getByLabel("URL").fill(hook.url);
    await made.getByRole("checkbox", { name: "run.cancelled" }).check();
    await made.getByRole("switch").check();
    await axe(page, { within: "[role=dialog]" });
    await shot(page, "webhook-form");
    await made.getByRole("button", { name: "Make it" }).click();
    const secret = page.getByRole("dialog", { name: "The secret of tells" });
    await secret.getByText(/whsec_/).waitFor();
    await shot(page, "webhook-secret");
    await secret.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("button", { name: "Send a ping" }).click();
    const first = page.locator(".delivery").first();
    await first.getByText("delivered", { exact: true }).waitFor();
    await first.locator("summary").click();
    await first.getByText("thank you").waitFor();
    await first.getByLabel("What is sent").getByText(`"type": "${hook.got[0].body.type}"`).waitFor();
    await axe(page);
    await shot(page, "webhook");
    const before = hook.got.length;
    await first.getByRole("button", { name: "Deliver again" }).click();
    await until("it came once more", () => hook.got.length > before);
    if (hook.got.at(-1).id !== hook.got[0].id) throw new Error("what is delivered again has another id");
    await page.getByRole("button", { name: "More", exact: true }).last().click();
    await page.getByRole("menuitem", { name: "Another secret…" }).click();
    await page.getByRole("button", { name: "Make another" }).click();
    await page.getByRole("dialog", { name: "The secret of tells" }).getByText(/whsec_/).waitFor();
    await page.getByRole("button", { name: "I have kept it" }).click();
    promise("a webhook's deliveries are shown with what was sent and answered, and sent again; its secret is shown once");

    await page.getByRole("link", { name: "Triggers", exact: true }).click();
    await page.getByRole("button", { name: "New trigger" }).click();
    const wish = page.getByRole("dialog", { name: "New trigger" });
    await wish.getByLabel("Name", { exact: false }).first().fill("asks");
    await wish.getByLabel("When").selectOption("hook");
    await wish.getByLabel("Script").selectOption("walk");
    await wish.getByLabel("box").fill("${event.body/box}");
    await axe(page, { within: "[role=dialog]" });
    await shot(page, "trigger-form");
    await wish.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("dialog", { name: "The secret of asks" }).getByText(/\/api\/v1\/hooks\/asks/).waitFor();
    await page.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByRole("dialog").locator(".cm-content").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(JSON.stringify({ body: { box: container } }));
    await page.getByRole("button", { name: "Start it" }).click();
    await state.filter({ hasText: "paused" }).waitFor();
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await state.filter({ hasText: "cancelled" }).waitFor();
    await until("the webhook heard of it", () => hook.got.some((one) => one.body.type === "run.cancelled"));
    await page.getByRole("link", { name: "Triggers", exact: true }).click();
    await page.getByRole("grid", { name: "triggers" }).getByRole("row", { name: /asks/ }).click();
    await page.getByRole("heading", { name: "asks", level: 1 }).waitFor();
    await axe(page);
    await shot(page, "trigger");
    promise("a trigger is made and tried; its run is watched, and the webhook tells of it");

    await page.getByRole("link", { name: "Plugins", exact: true }).click();
    await page.locator("input[type=file]").setInputFiles(plugin);
    const install = page.getByRole("dialog", { name: "Install this plugin?" });
    await install.getByText("be run when something happens").waitFor();
    await axe(page, { within: "[role=dialog]" });
    await shot(page, "plugin-install");
    await install.getByRole("button", { name: "Grant and install" }).click();
    await page.getByRole("heading", { name: "example", level: 1 }).waitFor();
    await page.getByText("✔ granted").first().waitFor();
    await axe(page);
    await shot(page, "plugin");
    await page.getByRole("button", { name: "Run greet" }).click();
    await page.getByRole("dialog", { name: "Run greet" }).getByLabel("Parameters").last().fill("whom=ann");
    await page.getByRole("dialog", { name: "Run greet" }).getByRole("button", { name: "Run", exact: true }).click();
    await state.filter({ hasText: "succeeded" }).waitFor();
    await page.getByRole("link", { name: "Plugins", exact: true }).click();
    await page.getByRole("grid", { name: "plugins" }).getByRole("row", { name: /example/ }).click();
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByRole("button", { name: "Enable…" }).waitFor();
    promise("a plugin is installed from a folder, grants shown, its command run");

    const main = await ask("/sessions", { method: "POST", body: JSON.stringify({ container, main: true }) });
    const recording = await ask(`/sessions/${main.id}/recording`, { method: "POST", body: JSON.stringify({ input: true }) });
    await ask(`/sessions/${main.id}/input`, { method: "POST", body: JSON.stringify({ text: "echo shown-$((40+2))\n" }) });
    await screenShows(url, token, container, "shown-42");
    await ask(`/sessions/${main.id}/recording`, { method: "DELETE" });
    await page.getByRole("link", { name: "Recordings", exact: true }).click();
    await page.getByRole("grid", { name: "recordings" }).getByRole("row", { name: new RegExp(container) }).first().waitFor();
    await axe(page);
    await shot(page, "recordings");
    await page.getByRole("grid", { name: "recordings" }).getByRole("row", { name: new RegExp(container) }).first().click();
    const player = page.getByRole("region", { name: `Player of ${container}` });
    await player.waitFor();
    if (!page.url().includes(recording.id)) throw new Error(`another recording is shown: ${page.url()}`);
    await player.getByRole("button", { name: "Play (space)" }).click();
    await page.locator(".player[data-playing=false]").waitFor();
    await page.getByLabel("Search what was printed").fill("shown-42");
    await page.getByRole("button", { name: /shown-42/ }).click();
    await axe(page, CODE);
    await shot(page, "recording");
    await page.getByRole("button", { name: "Make script" }).click();
    await page.getByRole("heading", { level: 1, name: container }).waitFor();
    await page.locator(".cm-content").getByText("send_line").first().waitFor();
    promise("a recording is played, searched, and made a script");

    await page.goto(new URL("/containers", url).href);
    const watcher = await open({ at: "/scripts/walk", theme: "light" });
    await signIn(watcher, { token: viewer });
    await watcher.locator(".cm-content").waitFor();
    await watcher.getByRole("button", { name: "Save" }).hover();
    await watcher.getByRole("tooltip").filter({ hasText: "write:scripts" }).waitFor();
    await axe(watcher, CODE);
    await shot(watcher, "light-script");
    for (const [path, heading] of [["/runs", "Runs"], ["/schedules/nightly", "nightly"], ["/schedules?view=calendar", "Schedules"], ["/triggers", "Triggers"], ["/plugins/example", "example"], ["/recordings", "Recordings"]]) {
      await watcher.goto(new URL(path, url).href);
      await watcher.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await watcher.locator("[role=grid], .player, .calendar, .facts, .empty").first().waitFor();
      await axe(watcher, CODE);
      await shot(watcher, `light${path.replaceAll(/\W+/g, "-").slice(0, 24)}`);
    }
    await watcher.goto(new URL(`/recordings/${recording.id}`, url).href);
    await watcher.getByRole("alert").filter({ hasText: "It could not be read" }).waitFor();
    await watcher.getByRole("img", { name: /shown-42/ }).waitFor();
    await axe(watcher);
    await shot(watcher, "light-recording-refused");
    promise("a viewer sees it all, but what was typed, and may change nothing; light pages are as readable");

    const phone = await open({ phone: true, at: "/scripts/walk" });
    await signIn(phone, { token });
    for (const [path, heading] of [["/scripts/walk", "walk"], ["/scripts", "Scripts"], ["/runs", "Runs"], [`/runs/${started.id}?tab=log`, "walk"], ["/schedules?view=calendar", "Schedules"], ["/schedules?make=1", "Schedules"], ["/schedules/nightly", "nightly"], ["/triggers/asks", "asks"], ["/webhooks/tells", "tells"], ["/plugins/example", "example"], ["/recordings", "Recordings"], [`/recordings/${recording.id}`, container]]) {
      await phone.goto(new URL(path, url).href);
      await phone.getByRole("heading", { name: heading, level: 1, includeHidden: true }).waitFor();
      await phone.locator("[role=grid], .player, .calendar, .facts, .cm-content, .log-lines, .empty").first().waitFor();
      const wide = await phone.evaluate(() => Math.max(document.documentElement.scrollWidth - window.innerWidth, (document.querySelector("main")?.scrollWidth ?? 0) - (document.querySelector("main")?.clientWidth ?? 0)));
      if (wide > 0) throw new Error(`${path} is ${wide} pixels wider than the phone`);
      await axe(phone, CODE);
      await shot(phone, `phone${path.replaceAll(/\W+/g, "-").slice(0, 24)}`);
    }
    promise("all of it is for phones");
  } finally {
    hook.close();
  }
});
