/**
 * Launching, files, logs, metrics, and what containers are made of: `node resources.mjs URL TOKEN VIEWER PREFIX REGISTRY FOLDER`.
 *
 * PREFIX begins all names; a container `PREFIX-talk` prints a line `tick N` a few times a second, and has DB_PASSWORD=hunter2. There is a
 * template `greet` (parameter `who`, two letters at least), a stack `PREFIX-pair` of members a and b, and FOLDER with a Dockerfile.
 */
import { PATIENCE, run, screenShows } from "./harness.mjs";

await run(async ({ url, args: [token, viewer, prefix, registry, folder], open, signIn, axe, shot, promise }) => {
  const headers = { Authorization: `Bearer ${token}` };
  const ask = (path, options = {}) => fetch(new URL(`/api/v1${path}`, url), { ...options, headers: { ...headers, ...(options.body ? { "Content-Type": "application/json" } : {}) } });
  const containers = async () => (await (await ask("/containers?limit=500")).json()).items;
  const byName = async (name) => (await containers()).find((one) => one.name === name);
  const until = async (what, holds) => {
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`never so: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const page = await open({ at: "/launch" });
  await signIn(page, { token });
  const button = (name, within = page) => within.getByRole("button", { name, exact: true });
  const go = async (at, heading) => {
    await page.goto(new URL(at, url).href);
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
  };
  /** Opens the menu behind a button and takes one of its lines. */
  const choose = async (menu, line) => {
    await button(menu).click();
    await page.getByRole("menuitem", { name: line }).click();
  };

  // Launching, by keyboard alone.
  await page.getByRole("link", { name: "shell", exact: true }).waitFor();
  await axe(page);
  await shot(page, "launch");
  await page.keyboard.press("/");
  await page.keyboard.type("greet");
  await page.getByRole("link", { name: "greet", exact: true }).waitFor();
  await page.keyboard.press("Enter");
  const name = `${prefix}-new`;
  const who = page.getByLabel(/^who/);
  await page.getByLabel("Name", { exact: true }).fill(`${prefix}-talk`);
  await who.fill("bob");
  await page.getByText(/there is a container '.*' already/).first().waitFor();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await who.fill("A");
  await page.getByText("too short").first().waitFor();
  await who.fill("bob");
  await page.getByText("can be launched").waitFor();
  await page.getByRole("list", { name: "What would be done" }).getByText(name).first().waitFor();
  await page.getByLabel("The container's specification").getByText("hello bob").waitFor();
  await page.getByText(`cto run --name ${name} --set who=bob greet`).waitFor();
  await axe(page);
  await shot(page, "launch-form");
  await who.focus();
  await page.keyboard.press("Enter");
  await page.locator(".term-view[data-state=live]").waitFor();
  await screenShows(url, token, name, "hello bob");
  promise("a form launches and leads to the terminal of what it launched");

  // Files.
  const { id } = await byName(name);
  await go(`/containers/${id}?tab=files&path=/root`, name);
  await page.getByRole("tree", { name: "Directories" }).getByRole("treeitem", { name: "root" }).waitFor();
  await page.getByRole("row", { name: /\.bashrc/ }).waitFor();
  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["dropped here\n"], "grün note.txt"));
    return transfer;
  });
  await page.locator(".files-drop").dispatchEvent("dragover", { dataTransfer: dropped });
  await page.getByText("Upload to /root").waitFor();
  await page.locator(".files-drop").dispatchEvent("drop", { dataTransfer: dropped });
  const row = page.getByRole("row", { name: /grün note\.txt/ });
  await row.waitFor();
  const content = async (path) => (await (await ask(`/containers/${id}/files?path=${encodeURIComponent(path)}`)).text()).replaceAll("\0", "");
  await until("the file has what was dropped", async () => (await content("/root/grün note.txt")).includes("dropped here\n"));
  await axe(page);
  await shot(page, "files");
  promise("what is dropped on the list is in the container");

  await row.click();
  const text = page.getByRole("textbox", { name: "Text of grün note.txt" });
  await text.getByText("dropped here").waitFor();
  await text.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("and changed");
  await page.getByText("not saved").waitFor();
  await page.keyboard.press("Control+s");
  await until("the change is saved", async () => (await content("/root/grün note.txt")).includes("dropped here\nand changed"));
  await page.getByText("not saved").waitFor({ state: "hidden" });
  await axe(page);
  await shot(page, "file");
  // Somebody else writes meanwhile: nothing of theirs is lost without a word.
  await page.keyboard.type(", mine");
  const other = await open({ at: `/containers/${id}` });
  await signIn(other, { token });
  await other.locator(".term-view[data-state=live]").waitFor();
  await other.keyboard.type("echo theirs > '/root/grün note.txt'; echo wrote-$((1+1))\n");
  await screenShows(url, token, name, "wrote-2");
  await other.context().close();
  await button("Save").click();
  const conflict = page.getByRole("dialog", { name: /was changed meanwhile/ });
  await conflict.locator(".diff-out").filter({ hasText: "theirs" }).waitFor();
  await conflict.locator(".diff-in").filter({ hasText: ", mine" }).waitFor();
  await axe(page, { within: ".dialog" });
  await shot(page, "file-conflict");
  await button("Go on writing", conflict).click();
  if (!(await content("/root/grün note.txt")).includes("theirs")) throw new Error("what somebody else wrote was lost");
  await button("Close the file").click();
  await button("Close it").click();
  promise("a file is edited, and who wrote meanwhile is not overwritten unasked");

  await choose("New, upload, read again", "New directory…");
  await page.getByLabel("Name", { exact: true }).fill("below");
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /below/ }).waitFor();
  await choose("What to do with grün note.txt", "Rename or move…");
  await page.getByLabel("Name", { exact: true }).fill("below/moved.txt");
  await page.keyboard.press("Enter");
  await row.waitFor({ state: "hidden" });
  await page.getByRole("row", { name: /below/ }).click();
  await page.getByRole("row", { name: /moved\.txt/ }).waitFor();
  const [saved] = await Promise.all([page.waitForEvent("download"), choose("What to do with moved.txt", "Download")]);
  if (saved.suggestedFilename() !== "moved.txt") throw new Error(`saved as ${saved.suggestedFilename()}`);
  await choose("What to do with moved.txt", "Remove…");
  await page.getByRole("alertdialog").getByText("/root/below/moved.txt").waitFor();
  await button("Remove").click();
  await page.getByText("Nothing is in this directory").waitFor();
  promise("directories are made, files moved, saved and removed");

  // Logs.
  const talker = await byName(`${prefix}-talk`);
  await go(`/containers/${talker.id}?tab=logs&time=time`, talker.name);
  const log = page.getByRole("log");
  const lastTick = async () => Number(/tick (\d+)$/.exec((await log.locator(".log-line").last().textContent()) ?? "")?.[1] ?? 0);
  await log.getByText(/tick \d+/).first().waitFor();
  const before = await lastTick();
  await until("new lines come by themselves", async () => (await lastTick()) > before);
  await until("there is more than the window shows", () => log.evaluate((element) => element.scrollHeight > element.clientHeight * 1.5));
  await axe(page);
  await log.hover();
  await page.mouse.wheel(0, -500);
  const more = page.getByRole("button", { name: /^\d+ new lines?$/ });
  await more.waitFor();
  const rest = () => log.evaluate((element) => element.scrollTop);
  const at = await rest();
  const said = await more.textContent();
  await until("new lines are counted", async () => (await more.textContent()) !== said);
  if (Math.abs((await rest()) - at) > 2) throw new Error("the log moved while it was read");
  await shot(page, "container-logs");
  await more.click();
  await until("the end is followed again", async () => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 40));
  await page.getByLabel("Search the log").fill("tick 1");
  await button("Only these").click();
  await until("what is found is marked", async () => (await log.locator("mark").count()) > 0);
  await page.getByText(/\d+ found/).waitFor();
  await until("lines that do not fit are left out", async () => (await log.getByText("err ", { exact: false }).count()) === 0);
  // By level, as lines call it; an object is unfolded, and what it says stays text.
  await page.getByLabel("Search the log").fill("");
  await button("Only these").click();
  const chip = (level) => page.getByRole("group", { name: "Levels" }).getByRole("button", { name: level });
  await chip("warn").click();
  await until("lines of one level are shown", async () => {
    const lines = await log.locator(".log-line:not(.note)").allTextContents();
    return lines.length > 0 && lines.every((line) => line.includes('"level":"warn"'));
  });
  await log.getByRole("button", { name: "Unfold the line" }).last().click();
  await log.locator(".log-inside").getByText('"<b>hot</b>"').waitFor();
  if ((await log.locator(".log-inside b").count()) > 0) throw new Error("what a container prints became a part of the page");
  await axe(page);
  await shot(page, "container-logs-levels");
  await chip("warn").click();
  promise("a log follows until one scrolls up, counts what is new, is searched, told apart by levels, and unfolds what is an object");

  await go(`/logs?of=${encodeURIComponent(`${talker.name},${name}`)}`, "Logs");
  await page.getByRole("log").getByText(/tick \d+/).first().waitFor();
  await page.getByRole("img", { name: /Lines a second/ }).waitFor();
  await button("Pause").click();
  await page.getByText(/Paused\. \d+ new line/).waitFor();
  await axe(page);
  await shot(page, "logs");
  promise("logs of several containers are one list, which can be paused");

  // Their past, which the server searches.
  await button("Search the past").click();
  const looked = page.getByRole("searchbox", { name: "What is looked for" });
  await looked.fill("(");
  await button("Regular expression").click();
  await page.keyboard.press("Tab");
  await looked.press("Enter");
  await page.getByRole("alert").filter({ hasText: "It could not be searched" }).waitFor();
  await looked.fill("TICK 3$|hello");
  await page.getByRole("combobox", { name: "Lines around" }).selectOption("2");
  await looked.press("Enter");
  const found = page.getByRole("region", { name: "What was found" });
  const third = found.getByRole("region", { name: talker.name }).getByRole("link", { name: /tick 3$/ });
  await third.waitFor();
  await found.getByRole("region", { name, exact: true }).getByRole("link", { name: /hello bob/ }).first().waitFor();
  await page.getByRole("status").filter({ hasText: /done, [2-9] found/ }).waitFor();
  await third.locator("mark").filter({ hasText: /^tick 3$/ }).waitFor();
  await found.getByRole("listitem").filter({ hasText: "tick 3" }).getByText("ok tick 4").waitFor();
  if (page.url().includes("hello")) throw new Error("what is looked for stands in the address");
  await axe(page);
  await shot(page, "logs-past");
  promise("the past of several logs is searched, and what was found is told by container");

  const past = `${new URL(page.url()).pathname}${new URL(page.url()).search}`;
  await page.locator("h1").click();
  await page.keyboard.press("j");
  await until("the first find has the keyboard", () => page.evaluate(() => document.activeElement?.matches(".hit-line") ?? false));
  await third.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: talker.name }).waitFor();
  await page.locator(".log-line.current").filter({ hasText: /tick 3$/ }).waitFor();
  await until("it is seen", () => page.locator(".log-line.current").evaluate((line) => {
    const box = line.getBoundingClientRect();
    const view = line.closest(".log").getBoundingClientRect();
    return box.top >= view.top && box.bottom <= view.bottom;
  }));
  await shot(page, "logs-place");
  await page.goBack();
  await third.waitFor();
  if ((await looked.inputValue()) !== "TICK 3$|hello") throw new Error("what was asked is not there any more");
  promise("a find leads to its place in the log, and back");

  // What it uses, and how it is set up.
  await go(`/containers/${talker.id}?tab=metrics&span=15m`, talker.name);
  await page.locator(".chart canvas").nth(3).waitFor();
  await page.getByText(/% .*of 256 MiB|% .*of 512 MiB/).waitFor();
  await axe(page);
  await shot(page, "metrics");
  await page.getByRole("tab", { name: "Configuration" }).click();
  await page.getByText("DB_PASSWORD").waitFor();
  if ((await page.getByText("hunter2").count()) > 0) throw new Error("a secret is shown unasked");
  await button("Show DB_PASSWORD").click();
  await page.getByText("hunter2").waitFor();
  await page.getByLabel("Memory").fill("300m");
  await button("Change limits").click();
  await until("the limit holds", async () => (await (await ask(`/containers/${talker.id}/inspect`)).json()).HostConfig.Memory === 300 * 1024 ** 2);
  await axe(page);
  await shot(page, "configuration");
  for (const [tab, shows] of [["Processes", "bash"], ["Changes", "/"], ["Events", "update:containers"]]) {
    await page.getByRole("tab", { name: tab }).click();
    if (tab === "Changes") await page.getByText(/changes|All is as the image has it/).first().waitFor();
    else if (tab === "Processes") await page.getByRole("row", { name: new RegExp(shows) }).first().waitFor();
    else await page.getByRole("heading", { name: "Who did what" }).waitFor();
    await axe(page);
  }
  promise("charts, secrets that are hidden, limits that change, processes, changes and events");

  await choose("More", "Rename…");
  await page.getByLabel("New name").fill(`${prefix}-told`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: `${prefix}-told` }).waitFor();
  await choose("More", "Make an image of it…");
  await page.getByLabel("Image", { exact: true }).fill(`${prefix}/made:1`);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "See the image" }).click();
  await page.getByRole("heading", { level: 1, name: `${prefix}/made:1` }).waitFor();
  await page.getByRole("grid", { name: "layers" }).getByRole("row").nth(1).waitFor();
  await axe(page);
  await shot(page, "image");
  promise("a container is renamed, and an image made of it");

  // Templates.
  await go("/templates", "Templates");
  await page.getByRole("alert").getByText("broken.json").waitFor();
  await axe(page);
  await page.getByRole("row", { name: /greet/ }).click();
  const editor = page.getByRole("textbox", { name: "Template greet" });
  await editor.click();
  await page.getByText("no mistakes").waitFor();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.insertText('"nonsense": 1,');
  await page.getByRole("list", { name: "Mistakes" }).getByText("unknown field 'nonsense'").waitFor();
  await page.getByRole("list", { name: "Mistakes" }).getByText(/^1:\d+/).waitFor();
  await page.locator(".cm-lint-marker-error").waitFor();
  await axe(page);
  await shot(page, "template");
  promise("templates: files that can't be used are named, and mistakes are shown as one writes");

  const kept = async () => (await (await ask("/templates/greet")).json()).text;
  const theirs = async (word) => ask("/templates/greet", { method: "PUT", body: JSON.stringify({ text: `// ${word}\n${await kept()}` }) });
  const saving = page.getByRole("dialog", { name: "Save greet?" });
  await page.keyboard.press("Control+z");
  await page.getByText("no mistakes").waitFor();
  await page.keyboard.press("Control+Home");
  await page.keyboard.insertText("// mine\n");
  await page.getByText("no mistakes").waitFor();
  await page.keyboard.press("Control+s");
  await saving.locator(".diff-in").filter({ hasText: "// mine" }).waitFor();
  await saving.getByText(/templates\/greet\.json/).waitFor();
  await axe(page, { within: ".dialog" });
  await shot(page, "template-save");
  await page.keyboard.press("Enter");
  await page.getByText("greet is saved").first().waitFor();
  await until("it is saved with its comment", async () => (await kept()).startsWith("// mine\n"));
  // Somebody else saves while one writes, and while one is about to save.
  await editor.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.insertText("// mine too\n");
  await theirs("theirs");
  await page.getByText("Somebody else has saved it").waitFor();
  await button("Compare").click();
  const clash = page.getByRole("dialog", { name: "Somebody else saved it meanwhile" });
  await clash.locator(".diff-out").filter({ hasText: "// theirs" }).waitFor();
  await clash.getByText(/Last saved here by \S+, /).waitFor();
  await axe(page, { within: ".dialog" });
  await shot(page, "template-conflict");
  await button("Save mine over it", clash).click();
  await saving.locator(".diff-out").filter({ hasText: "// theirs" }).waitFor();
  await theirs("theirs again");
  await button("Save", saving).click();
  await clash.locator(".diff-out").filter({ hasText: "// theirs again" }).waitFor();
  await button("Take theirs, lose mine", clash).click();
  await editor.getByText("// theirs again").waitFor();
  if ((await editor.getByText("// mine too").count()) > 0) throw new Error("mine is still there");
  promise("a template is saved after one has seen what that changes, and never over what somebody else saved");

  await go("/templates", "Templates");
  const own = `${prefix}-own`;
  await button("New template").click();
  await page.getByLabel("Name", { exact: true }).fill(own);
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: `Template ${own}` }).click();
  await page.getByText("no mistakes").waitFor();
  await page.keyboard.press("Control+s");
  await page.getByRole("dialog", { name: `Make the template ${own}?` }).getByText("Goes into").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(`${own} is saved`).first().waitFor();
  await until("it is there", async () => (await ask(`/templates/${own}`)).ok);
  await choose("More", "Remove…");
  await axe(page, { within: ".dialog" });
  await button("Remove").click();
  await page.getByRole("heading", { level: 1, name: "Templates" }).waitFor();
  await page.getByRole("row", { name: new RegExp(own) }).waitFor({ state: "hidden" });
  await until("it is gone", async () => (await ask(`/templates/${own}`)).status === 404);
  promise("a template is made and removed");

  // Images.
  await go("/images", "Images");
  await axe(page);
  await button("Build").click();
  await page.getByLabel("Folder to build").setInputFiles(folder);
  await page.getByText(/2 files/).waitFor();
  const tag = `${registry}/${prefix}/tiny:1`;
  await page.getByLabel("Name", { exact: true }).fill(tag);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "See the image" }).click();
  await page.getByRole("heading", { level: 1, name: tag }).waitFor();
  await choose("More", `Push ${tag}…`);
  await button("Push").click();
  await page.getByRole("dialog").getByRole("status").filter({ hasText: "done" }).waitFor();
  await button("Close", page.locator(".dialog-foot")).click();
  await choose("More", "Remove…");
  await button("Remove").click();
  await page.getByRole("heading", { level: 1, name: "Images" }).waitFor();
  await page.getByRole("row", { name: new RegExp(`${prefix}/tiny:1`) }).waitFor({ state: "hidden" });
  await button("Pull").click();
  await page.getByLabel("Image", { exact: true }).fill(tag);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "See the image" }).waitFor();
  await axe(page, { within: "[role=dialog]" });
  await shot(page, "pull");
  await button("Close", page.locator(".dialog-foot")).click();
  await page.getByRole("row", { name: new RegExp(`${prefix}/tiny:1`) }).waitFor();
  await button("Remove unused…").click();
  await page.getByRole("dialog").getByText(/Would be removed|There are none/).waitFor();
  await button("Cancel").click();
  promise("an image is built from a folder, pushed, removed and pulled");

  // Volumes and networks.
  await go("/volumes", "Volumes");
  await button("New volume").click();
  await page.getByLabel("Name", { exact: true }).fill(`${prefix}-kept`);
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: new RegExp(`${prefix}-kept`) }).click();
  await page.getByRole("heading", { level: 1, name: `${prefix}-kept` }).waitFor();
  await axe(page);
  await button("Remove…").click();
  await page.getByLabel(/^Type/).fill(`${prefix}-kept`);
  await button("Remove").click();
  await page.getByRole("heading", { level: 1, name: "Volumes" }).waitFor();
  await page.getByRole("row", { name: new RegExp(`${prefix}-kept`) }).waitFor({ state: "hidden" });
  await axe(page);
  await shot(page, "volumes");
  await page.getByRole("grid", { name: "volumes" }).or(page.getByText("No volumes")).first().waitFor();
  // Nothing is asked for again but what the server tells of.
  const others = `${prefix}-others`;
  await ask("/volumes", { method: "POST", body: JSON.stringify({ name: others }) });
  await page.getByRole("row", { name: new RegExp(others) }).click();
  await page.getByRole("heading", { level: 1, name: others }).waitFor();
  await ask(`/volumes/${others}`, { method: "DELETE" });
  await page.getByText("It has been removed").waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Volumes" }).waitFor();
  await page.getByRole("row", { name: new RegExp(others) }).waitFor({ state: "hidden" });
  promise("what somebody else makes and removes is seen as it happens");

  await go("/networks", "Networks");
  await button("New network").click();
  await page.getByLabel("Name", { exact: true }).fill(`${prefix}-net`);
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: new RegExp(`${prefix}-net`) }).click();
  await page.getByLabel("Container", { exact: true }).selectOption(name);
  await button("Put it on").click();
  await page.getByRole("list", { name: "Containers on it" }).getByRole("link", { name }).waitFor();
  await axe(page);
  await shot(page, "network");
  await button(`Take ${name} off`).click();
  await button("Take it off").click();
  await page.getByText("No container.").waitFor();
  await button("Remove…").click();
  await button("Remove").click();
  await page.getByRole("heading", { level: 1, name: "Networks" }).waitFor();
  await axe(page);
  promise("volumes and networks are made, used and removed");

  // Stacks.
  await go("/stacks", "Stacks");
  await axe(page);
  const stack = `${prefix}-pair`;
  await page.getByRole("list", { name: "Saved stacks" }).getByRole("listitem").filter({ hasText: stack }).getByRole("button").click();
  await page.getByRole("list", { name: "What is done" }).getByText(`${stack}-a`).waitFor();
  const seconds = page.getByRole("dialog").getByLabel("seconds", { exact: true });
  await seconds.fill("0");
  await page.getByRole("dialog").locator(".field.wrong .field-error").waitFor();
  await seconds.fill("900");
  await axe(page, { within: ".dialog" });
  await shot(page, "stack-plan");
  await button("Bring it up").click();
  await page.getByRole("heading", { level: 1, name: stack }).waitFor();
  await page.getByRole("grid", { name: "containers" }).getByRole("row").nth(2).waitFor();
  await until("it has its container", () => byName(`${stack}-a`));
  const member = await byName(`${stack}-a`);
  if (member.command.join(" ") !== "sleep 900") throw new Error(`the parameter was not given: ${JSON.stringify(member.command)}`);
  await axe(page);
  await shot(page, "stack");
  await button("Take down…").click();
  await button("Take it down").click();
  await page.getByRole("heading", { level: 1, name: "Stacks" }).waitFor();
  await until("its containers are gone", async () => !(await byName(`${stack}-a`)));
  promise("a stack is planned, brought up and taken down");

  // Who may only look.
  const looker = await open({ at: "/images", theme: "light" });
  await signIn(looker, { token: viewer });
  await button("Pull", looker).hover();
  await looker.getByRole("tooltip").filter({ hasText: "create:images" }).waitFor();
  await axe(looker);
  await shot(looker, "light-images");
  for (const at of ["/launch", "/launch/greet", "/templates", "/volumes", "/networks", "/stacks", `/containers/${talker.id}?tab=logs`, `/containers/${talker.id}?tab=metrics&span=15m`, `/containers/${talker.id}?tab=processes`]) {
    await looker.goto(new URL(at, url).href);
    await looker.getByRole("heading", { level: 1 }).waitFor();
    await looker.locator(".page").getByRole("status").first().waitFor({ state: "attached" });
    await axe(looker);
  }
  await shot(looker, "light-processes");
  promise("who may only look is told which right is missing; light themes are as readable");

  const phone = await open({ phone: true, at: "/launch" });
  await signIn(phone, { token });
  const small = [["/launch/greet", "What is launched"], [`/containers/${id}?tab=files&path=/etc`, "alternatives"], [`/containers/${id}?tab=files&path=/etc&file=passwd`, "root:x:0:0"], [`/containers/${talker.id}?tab=logs&wrap=1`, /tick \d+/], [`/containers/${talker.id}?tab=configuration`, "DB_PASSWORD"], [`/logs?of=${encodeURIComponent(`${prefix}-told`)}`, /tick \d+/], [past, /tick 3$/], ["/images", "Remove unused…"], ["/networks/bridge", "On it"], ["/stacks", stack], ["/templates/greet", "no mistakes"], ["/logs?view=past", "Nothing was searched for yet"]];
  for (const [number, [at, shown]] of small.entries()) {
    await phone.goto(new URL(at, url).href);
    await phone.locator("main").getByText(shown).first().waitFor();
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) throw new Error(`${at} is ${wide} pixels wider than the phone`);
    await axe(phone);
    await shot(phone, `phone-resources-${number}`);
  }
  promise("a phone has room for all of it");
});
