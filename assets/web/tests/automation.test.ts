/** What automation shows in words. */
import { expect, test } from "vitest";
import { bodyText } from "../src/lib/automation";

test("a delivery's body is read easily where it is JSON, and is as it was sent where it is not", () => {
  expect(bodyText('{"type":"ping","data":{"n":1}}')).toBe('{\n  "type": "ping",\n  "data": {\n    "n": 1\n  }\n}');
  expect(bodyText("container web died")).toBe("container web died");
});
