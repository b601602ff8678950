// From events to lines, and from lines to files.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toJson, toSrt, toText, toVtt } from "../../web/transcript/formats.js";
import { findAll } from "../../web/transcript/search.js";
import { clock, splitAt } from "../../web/transcript/text.js";
import { Transcript } from "../../web/transcript/transcript.js";

const TAKE = { id: 1, offset: 0, language: "en", channels: 1 };
const started = (key, at, channel = 0) => ({ type: "speech_started", key, channel, at });
const partial = (key, text, start, end, stable = 0) => ({
  type: "partial",
  key,
  channel: 0,
  text,
  stable,
  start,
  end,
});
const ended = (key, at) => ({ type: "speech_ended", key, channel: 0, at, reason: "silence" });
const final = (key, text, start, end, channel = 0) => ({
  type: "final",
  key,
  channel,
  text,
  start,
  end,
  reason: "silence",
  language: "en",
  confidence: 0.9,
});

function transcriptOf(...events) {
  const changed = [];
  const removed = [];
  const transcript = new Transcript(
    (line) => changed.push(line.text),
    (line) => removed.push(line.id),
  );
  for (const event of events) transcript.apply(event, TAKE);
  return { transcript, changed, removed };
}

describe("the transcript", () => {
  it("keeps one line an utterance, from its start to its final", () => {
    const { transcript, changed } = transcriptOf(
      started("a", 1),
      partial("a", "good", 1, 2),
      partial("a", "good morning", 1, 2.5, 5),
      ended("a", 3),
      final("a", "Good morning.", 1, 3),
    );
    assert.equal(transcript.lines.length, 1);
    const { id, ...line } = transcript.lines[0];
    assert.deepEqual(line, {
      take: 1,
      channel: 0,
      stereo: false,
      start: 1,
      end: 3,
      text: "Good morning.",
      stable: Infinity,
      language: "en",
      confidence: 0.9,
      words: [],
      speaker: "",
      edited: false,
      state: "final",
    });
    assert.deepEqual(changed, ["", "good", "good morning", "good morning", "Good morning."]);
  });

  it("drops a line in which nothing was recognised", () => {
    const { transcript, removed } = transcriptOf(started("a", 1), final("a", "", 1, 2));
    assert.deepEqual(transcript.lines, []);
    assert.equal(removed.length, 1);
  });

  it("puts lines in the order of their starts", () => {
    const { transcript } = transcriptOf(
      final("a", "one", 1, 2),
      final("c", "three", 5, 6),
      final("b", "two", 3, 4, 1),
    );
    assert.deepEqual(
      transcript.lines.map(({ text }) => text),
      ["one", "two", "three"],
    );
  });

  it("places a later take after the earlier ones", () => {
    const { transcript } = transcriptOf(final("a", "one", 1, 2));
    transcript.apply(final("a", "two", 1, 2), { ...TAKE, id: 2, offset: 60 });
    assert.deepEqual(
      transcript.lines.map(({ start }) => start),
      [1, 61],
    );
  });

  it("goes on with an interrupted line when the next session hears it again", () => {
    const { transcript } = transcriptOf(started("0.0", 1), partial("0.0", "good mor", 1, 2));
    transcript.interrupted(1);
    assert.equal(transcript.lines[0].text, "good mor", "what was shown stays meanwhile");
    transcript.apply(started("1.0", 1.1), TAKE);
    transcript.apply(final("1.0", "Good morning.", 1.1, 3), TAKE);
    assert.deepEqual(
      transcript.lines.map(({ text, state }) => [text, state]),
      [["Good morning.", "final"]],
    );
  });

  it("keeps, and marks, an interrupted line that no session hears again", () => {
    const { transcript } = transcriptOf(started("0.0", 1), partial("0.0", "good mor", 1, 2));
    transcript.interrupted(1);
    transcript.settle(1, 1.5);
    assert.equal(transcript.lines[0].state, "orphaned", "its end may still come");
    transcript.settle(1, 2.5);
    assert.equal(transcript.lines[0].state, "unconfirmed");
    transcript.apply(started("1.0", 4), TAKE);
    assert.equal(transcript.lines.length, 2);
  });

  it("removes an interrupted line that had no words yet and never gets any", () => {
    const { transcript, removed } = transcriptOf(started("0.0", 1));
    transcript.close(1);
    assert.equal(removed.length, 1);
    assert.deepEqual(transcript.lines, []);
  });

  it("does not go on with a line of another channel or a later moment", () => {
    const { transcript } = transcriptOf(started("0.0", 1), partial("0.0", "one", 1, 2));
    transcript.interrupted(1);
    transcript.apply(started("1.0", 1, 1), TAKE);
    transcript.apply(started("1.1", 5, 0), TAKE);
    assert.equal(transcript.lines.length, 3);
  });

  it("lets a take go, and none but that", () => {
    const { transcript, removed } = transcriptOf(final("a", "one", 1, 2), final("b", "two", 3, 4));
    transcript.apply(final("a", "three", 1, 2), { ...TAKE, id: 2, offset: 60 });
    transcript.removeTake(1);
    assert.equal(removed.length, 2);
    assert.deepEqual(
      transcript.lines.map(({ text }) => text),
      ["three"],
    );
  });

  it("marks a line that the user has edited, and lets one without text go", () => {
    const { transcript } = transcriptOf(final("a", "won", 1, 2), final("b", "two", 3, 4));
    const [first, second] = transcript.lines;
    transcript.edit(first, "one");
    transcript.edit(second, "two");
    assert.deepEqual([first.text, first.edited, second.edited], ["one", true, false]);
    transcript.edit(first, "");
    assert.deepEqual(transcript.lines, [second]);
  });

  it("has words and speaker on the page's clock", () => {
    const { transcript } = transcriptOf();
    const words = [{ text: "one", start: 1, end: 2, confidence: 0.4 }];
    transcript.apply({ ...final("a", "one", 1, 2), words, speaker: "A" }, { ...TAKE, offset: 60 });
    const [line] = transcript.lines;
    assert.deepEqual([line.speaker, line.words[0].start, line.words[0].end], ["A", 61, 62]);
  });
});

const LINES = transcriptOf(
  final("a", "Is 1 < 2 & 3 > 2?", 0.0004, 59.9996),
  final("b", " Yes. ", 3661.5, 3662.25),
  started("c", 4000),
).transcript.lines;

const nobody = () => "";

describe("the files", () => {
  it("as text: a line each, open ones left out", () => {
    assert.equal(toText(LINES, nobody), "Is 1 < 2 & 3 > 2?\nYes.\n");
  });

  it("as SubRip", () => {
    assert.equal(
      toSrt(LINES, nobody),
      "1\n00:00:00,000 --> 00:00:02,834\nIs 1 < 2 & 3 > 2?\n\n2\n01:01:01,500 --> 01:01:02,500\nYes.\n",
    );
  });

  it("as WebVTT, with its special characters escaped", () => {
    assert.equal(
      toVtt(LINES, nobody),
      "WEBVTT\n\n00:00:00.000 --> 00:00:02.834\nIs 1 &lt; 2 &amp; 3 &gt; 2?\n\n01:01:01.500 --> 01:01:02.500\nYes.\n",
    );
  });

  it("as WebVTT, with the speakers named", () => {
    const { lines } = transcriptOf(final("a", "Hello.", 0, 1), final("b", "Hi.", 2, 3, 1)).transcript;
    const who = ({ channel }) => ["Anna", "Bo > Co"][channel];
    assert.match(toVtt(lines, who), /<v Anna>Hello\.\n[^]*<v Bo {3}Co>Hi\.\n/);
    assert.equal(toText(lines, who), "Anna: Hello.\nBo > Co: Hi.\n");
  });

  it("as JSON", () => {
    assert.deepEqual(JSON.parse(toJson(LINES, nobody))[1], {
      start: 3661.5,
      end: 3662.25,
      channel: 0,
      language: "en",
      confidence: 0.9,
      text: "Yes.",
    });
  });

  it("are well-formed when nothing was said", () => {
    assert.deepEqual([toText, toSrt, toVtt, toJson].map((write) => write([], nobody)), ["", "", "WEBVTT\n", "[]\n"]);
  });
});

describe("search", () => {
  const found = (text, query) => findAll(text, query).map(([from, to]) => text.slice(from, to));

  it("finds every place, whatever the case and the accents", () => {
    assert.deepEqual(found("Café, CAFE and cafe\u0301", "cafe"), ["Café", "CAFE", "cafe\u0301"]);
    assert.deepEqual(found("Zoë", "ZOE"), ["Zoë"]);
  });

  it("finds what stands behind characters outside the basic plane, and in any script", () => {
    assert.deepEqual(found("🎉🎉 party", "party"), ["party"]);
    assert.deepEqual(found("今日は良い天気です", "天気"), ["天気"]);
    assert.deepEqual(found("İstanbul", "i"), ["İ"]);
  });

  it("finds nothing for nothing", () => {
    assert.deepEqual(findAll("text", "  "), []);
    assert.deepEqual(findAll("", "a"), []);
  });

  it("does not overlap", () => {
    assert.deepEqual(findAll("aaaa", "aa"), [
      [0, 2],
      [2, 4],
    ]);
  });
});

describe("text", () => {
  it("is split where the server counts, in code points", () => {
    assert.deepEqual(splitAt("a🎉bc", 2), ["a🎉", "bc"]);
    assert.deepEqual(splitAt("abc", 0), ["", "abc"]);
    assert.deepEqual(splitAt("abc", Infinity), ["abc", ""]);
  });

  it("shows times as clocks do", () => {
    assert.deepEqual([0, 9.9, 75, 3675, -1].map(clock), ["0:00", "0:09", "1:15", "1:01:15", "0:00"]);
  });
});
