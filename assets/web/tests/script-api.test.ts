import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { completeScript, readApi } from "../src/lib/script-api";

const api = readApi(readFileSync(new URL("../../luau/cto.d.luau", import.meta.url), "utf8"));
const offered = (text: string, params: string[] = []) => completeScript(api, text, /[\w.:$-]*$/.exec(text)?.[0] ?? "", params);
const labels = (text: string, params: string[] = []) => offered(text, params).map((one) => one.label);

describe("what scripts can call", () => {
  it("is read from the types, with signatures and words", () => {
    const launch = api.globals.find((one) => one.name === "launch");
    expect(launch?.gives).toBe("Container");
    expect(launch?.signature).toContain("template: string | { [string]: any }");
    expect(launch?.about).toContain("from a template that the header names");
    expect([...api.members.keys()]).toEqual(expect.arrayContaining(["Session", "Container", "Screen", "Header", "Param", "check", "json"]));
    const expected = api.members.get("Session")?.find((one) => one.name === "expect_screen");
    expect(expected?.signature).toMatch(/^\(self, .*gone: boolean\?.*\): \(\)$/);
  });

  it("names everything of the file that a script can write", () => {
    const source = readFileSync(new URL("../../luau/cto.d.luau", import.meta.url), "utf8");
    for (const [, name] of source.matchAll(/^declare (?:function )?(\w+)[:(]/gm)) expect(api.globals.map((one) => one.name)).toContain(name);
    for (const [, name] of source.matchAll(/^\tfunction (\w+)\(/gm)) expect([...api.members.values()].flat().map((one) => one.name)).toContain(name);
  });
});

describe("completion", () => {
  it("offers globals, the script's own names and keywords", () => {
    expect(labels('local box = launch("shell")\nb')).toEqual(expect.arrayContaining(["launch", "box", "while"]));
    expect(offered("lau").find((one) => one.label === "launch")?.detail).toContain("-> Container".replace("-> ", ": "));
  });

  it("knows what a name is from what it was set to", () => {
    expect(labels('local term = launch("shell"):open()\nterm:exp')).toEqual(expect.arrayContaining(["term:expect", "term:wait_prompt"]));
    expect(labels('local term = launch("shell"):open()\nterm:exp')).not.toContain("term:exec");
    expect(labels('local box = launch("shell")\nbox:')).toContain("box:exec");
    expect(labels('local box = launch("shell")\nbox:')).not.toContain("box:send_line");
  });

  it("goes through calls", () => {
    expect(labels('launch("shell"):open():sen')).toContain(":send_line");
    expect(labels("local term = x:open { command = { \"sh\" } }\nterm:screen():fi")).toContain(":find");
  });

  it("offers all methods where it can't know", () => {
    expect(labels("something:s")).toEqual(expect.arrayContaining(["something:send", "something:sh"]));
  });

  it("offers tables' functions and the script's parameters", () => {
    expect(labels("check.e")).toEqual(expect.arrayContaining(["check.equal", "check.exit"]));
    expect(labels("say(params.", ["whom"])).toEqual(["params.whom"]);
    expect(labels("local t = x:open()\nt.")).toEqual(expect.arrayContaining(["t.timeout", "t.code"]));
  });

  it("offers the header's fields within it, and a parameter's within one", () => {
    expect(labels("script {\n\tab")).toContain("about");
    expect(offered("script {\n\tab").find((one) => one.label === "about")?.apply).toBe("about = ");
    expect(labels("script {\n\tparams = { whom = { de")).toEqual(expect.arrayContaining(["default", "description"]));
    expect(labels('script { about = "a } b" }\nla')).toContain("launch");
  });
});
