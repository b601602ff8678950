// Utterances as cues: the server's own code is held to the same vectors.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { cuesOf } from "../../web/transcript/subtitles.js";
import { columns } from "../../web/transcript/subtitle-text.js";

const VECTORS = JSON.parse(readFileSync(new URL("../speech/subtitles.json", import.meta.url), "utf8"));
const milli = (seconds) => Math.round(seconds * 1000) / 1000;

describe("subtitles", () => {
  for (const { name, utterances, cues } of VECTORS) {
    it(name, () => {
      const told = cuesOf(utterances).map(({ start, end, lines }) => ({ start: milli(start), end: milli(end), lines }));
      assert.deepEqual(told, cues);
    });
  }

  it("leave room for a label in the first line, or give it a line of its own", () => {
    const cues = cuesOf([{ text: `${"w".repeat(40)} and so on`, start: 0, end: 3 }], 10);
    assert.deepEqual(cues[0].lines, ["", "w".repeat(40)]);
    assert.ok(cues.every(({ lines }) => columns(lines[0]) <= 32));
  });
});
