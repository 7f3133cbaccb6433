/** Archives as uploads and downloads have them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withDirectories } from "../src/lib/files";
import { makeTar, readTar } from "../src/lib/tar";

const bytes = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const text = (content: Uint8Array) => new TextDecoder().decode(content);
const file = (path: string, content: string, more = {}) => ({ path, kind: "file" as const, content: new TextEncoder().encode(content), ...more });

test("what is written is read back: paths, rights, owners, empty files", async () => {
  const archive = await bytes(makeTar([{ path: "a", kind: "directory" }, file("a/b.txt", "hello\n", { mode: 0o750, uid: 1000, gid: 100 }), file("a/none", "")]));
  expect(archive.length % 512).toBe(0);
  const found = readTar(archive);
  expect(found.map((one) => [one.path, one.kind, text(one.content)])).toEqual([
    ["a", "directory", ""],
    ["a/b.txt", "file", "hello\n"],
    ["a/none", "file", ""],
  ]);
  expect(found[1]).toMatchObject({ mode: 0o750, uid: 1000, gid: 100 });
});

test("names that ustar can't have: long ones, and those in other scripts", async () => {
  const long = `${"d".repeat(90)}/${"n".repeat(120)}.txt`;
  const prefixed = `${"p".repeat(80)}/${"q".repeat(60)}/x`;
  const found = readTar(await bytes(makeTar([file(long, "1"), file("grün/日本.txt", "2"), file(prefixed, "3"), file("plain", "4")])));
  expect(found.map((one) => [one.path, text(one.content)])).toEqual([
    [long, "1"],
    ["grün/日本.txt", "2"],
    [prefixed, "3"],
    ["plain", "4"],
  ]);
});

test("the system's tar reads them, and is read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cto-tar-"));
  try {
    const content = new Blob(["x".repeat(1_000)]);
    writeFileSync(join(folder, "in.tar"), await bytes(makeTar([{ path: "sub", kind: "directory" }, { path: `sub/${"ä".repeat(80)}`, kind: "file", content, mode: 0o600, modified: 1_700_000_000_000 }])));
    execFileSync("tar", ["-xf", "in.tar"], { cwd: folder });
    const out = join(folder, "sub", "ä".repeat(80));
    expect(readFileSync(out, "utf8")).toBe("x".repeat(1_000));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(statSync(out).mtimeMs).toBe(1_700_000_000_000);
    execFileSync("ln", ["-s", "where/it/leads", "link"], { cwd: folder });
    execFileSync("tar", ["-cf", "out.tar", "sub", "link"], { cwd: folder });
    const found = readTar(new Uint8Array(readFileSync(join(folder, "out.tar"))));
    expect(found.map((one) => [one.kind, one.path, one.target])).toEqual([
      ["directory", "sub", ""],
      ["file", `sub/${"ä".repeat(80)}`, ""],
      ["link", "link", "where/it/leads"],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is cut off, or no archive, gives what is whole and no error", async () => {
  const archive = await bytes(makeTar([file("a", "1"), file("b", "2".repeat(2_000))]));
  expect(readTar(archive.slice(0, 2_500)).map((one) => one.path)).toEqual(["a"]);
  expect(readTar(new Uint8Array(1_000).fill(0x41))).toEqual([]);
  expect(readTar(new Uint8Array())).toEqual([]);
});

test("directories come before what is in them, once each", () => {
  const paths = withDirectories([file("a/b/c.txt", ""), file("a/d.txt", ""), { path: "a/b", kind: "directory" }]).map((one) => `${one.kind === "directory" ? "d" : "f"} ${one.path}`);
  expect(paths).toEqual(["d a", "d a/b", "f a/b/c.txt", "f a/d.txt"]);
});
