// What those see who watch along.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Captions } from "../../web/watch/captions.js";

const partial = (utterance, text, stable = 0, channel = 0) => ({
  type: "partial",
  channel,
  utterance,
  text,
  stable,
});
const final = (utterance, text, channel = 0) => ({ type: "final", channel, utterance, text });
const shown = (most, ...messages) => {
  const captions = new Captions(most);
  messages.forEach((message) => captions.take(message));
  return captions.lines.map(({ stable, faint }) => [stable, faint]);
};

describe("captions", () => {
  it("grow, and become final", () => {
    assert.deepEqual(shown(3, partial(0, "Good morn", 4)), [["Good", " morn"]]);
    assert.deepEqual(shown(3, partial(0, "Good morn", 4), final(0, " Good morning. ")), [["Good morning.", ""]]);
  });

  it("are the newest lines, those of all channels", () => {
    assert.deepEqual(shown(2, final(0, "one"), final(0, "two", 1), partial(1, "three")), [
      ["two", ""],
      ["", "three"],
    ]);
  });

  it("leave out what nobody said", () => {
    assert.deepEqual(shown(2, partial(0, "hm"), final(0, "")), []);
  });

  it("begin anew with each stream, whose utterances have the same numbers", () => {
    assert.deepEqual(shown(3, partial(0, "one", 3), { type: "done" }, partial(0, "two", 3)), [
      ["one", ""],
      ["two", ""],
    ]);
  });
});
