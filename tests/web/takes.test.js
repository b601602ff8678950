// Takes: which come next, what of them is kept, and where their words stand.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Tape } from "../../web/audio/tape.js";
import { Keeper } from "../../web/takes/keeper.js";
import { Queue } from "../../web/takes/queue.js";
import { nameOf, Takes, voiceOf } from "../../web/takes/takes.js";
import { fileNameOf } from "../../web/transcript/tools.js";
import { rangesOf, wordAt } from "../../web/transcript/words.js";

const FACTS = { name: "talk.flac", began: 0, language: "en", live: false, channels: 1, names: {} };
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("the queue", () => {
  it("runs one at a time, in the order in which they came", async () => {
    const begun = [];
    const ends = [];
    const run = (item) => {
      begun.push(item);
      return new Promise((resolve) => ends.push(resolve));
    };
    const queue = new Queue(
      run,
      () => true,
      () => {},
    );
    queue.add("a", "b", "c");
    queue.remove("b");
    assert.deepEqual([begun, queue.waiting], [["a"], ["c"]]);
    ends[0]();
    await settled();
    assert.deepEqual(begun, ["a", "c"]);
  });

  it("waits until one may begin", () => {
    const begun = [];
    let may = false;
    const queue = new Queue(
      async (item) => void begun.push(item),
      () => may,
      () => {},
    );
    queue.add("a");
    assert.deepEqual(begun, []);
    may = true;
    queue.next();
    assert.deepEqual(begun, ["a"]);
  });
});

describe("takes", () => {
  it("lie one after the other on the page's clock", () => {
    const takes = new Takes();
    const tape = new Tape(10, 1);
    assert.equal(takes.add(FACTS, tape).offset, 0);
    tape.append(new Int16Array(25));
    const second = takes.add(FACTS, null, 4);
    assert.equal(second.offset, 2.5);
    assert.equal(takes.add(FACTS, null).offset, 6.5);
    takes.remove(second);
    assert.equal(takes.get(second.id), undefined);
  });

  it("name whom a line names", () => {
    const left = { speaker: "", stereo: true, channel: 0 };
    assert.deepEqual(
      [left, { ...left, stereo: false }, { ...left, speaker: "A" }].map((line) => nameOf(voiceOf(line), {})),
      ["Left", "", "Speaker A"],
    );
    assert.equal(nameOf("A", { A: "Anna" }), "Anna");
  });

  it("give their files a name that any system takes", () => {
    assert.equal(fileNameOf("Q3: plan/notes.flac", "srt"), "Q3 plan notes.srt");
    assert.match(fileNameOf("", "txt"), /^transcript-[\d-]+\.txt$/);
  });
});

describe("the keeper", () => {
  const keeping = () => {
    const written = [];
    const store = {
      put: async (take, parts, from) => void written.push([take.name, parts.length, from, take.lines]),
      remove: async (key) => void written.push(["removed", key]),
      wipe: async () => void written.push(["wiped"]),
    };
    return { store, written };
  };

  it("writes each part of the sound once, and the lines in the take's own time", async () => {
    const { store, written } = keeping();
    const line = { id: "line-1", start: 61, end: 62, text: "one", words: [] };
    const keeper = new Keeper(
      store,
      () => [line],
      () => {},
    );
    const tape = new Tape(10, 1);
    const take = { ...FACTS, id: 1, key: "k", offset: 60, tape, seconds: 0 };
    tape.append(new Int16Array(101)); // a part is 10 s
    tape.append(new Int16Array(5));
    keeper.change(take, false);
    await keeper.write();
    keeper.change(take, true);
    await keeper.write();
    take.name = "renamed";
    keeper.change(take, false);
    await keeper.write();
    assert.deepEqual(
      written.map((entry) => entry.slice(0, 2)),
      [
        ["talk.flac", 1],
        ["talk.flac", 1],
        ["renamed", 0],
      ],
    );
    assert.deepEqual(written[0][3], [{ start: 1, end: 2, text: "one", words: [] }]);
  });

  it("says that there is no room, and goes on", async () => {
    const told = [];
    const { store, written } = keeping();
    const put = store.put;
    store.put = async () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
    const keeper = new Keeper(
      store,
      () => [],
      (full) => told.push(full),
    );
    const take = { ...FACTS, id: 1, key: "k", offset: 0, tape: null, seconds: 1 };
    keeper.change(take, true);
    await keeper.write();
    store.put = put;
    keeper.change(take, true);
    await keeper.write();
    assert.deepEqual([told, written.length], [[true], 1]);
  });

  it("keeps nothing that was wiped", async () => {
    const { store, written } = keeping();
    const keeper = new Keeper(
      store,
      () => [],
      () => {},
    );
    keeper.change({ ...FACTS, id: 1, key: "k", offset: 0, tape: null, seconds: 1 }, true);
    await keeper.wipe();
    await keeper.write();
    assert.deepEqual(written, [["wiped"]]);
  });
});

describe("words", () => {
  const said = (text, start) => ({ text, start, end: start + 0.3, confidence: 1 });

  it("are found in the text, those that the user has taken out excepted", () => {
    const words = [said("the", 0), said("cat", 1), said("the", 2)];
    assert.deepEqual(rangesOf("the cat, the dog", words), [
      [0, 3],
      [4, 7],
      [9, 12],
    ]);
    assert.deepEqual(rangesOf("the the", words), [[0, 3], null, [4, 7]]);
  });

  it("are said from their start on", () => {
    const words = [said("one", 1), said("two", 2)];
    assert.deepEqual(
      [0.5, 1, 1.9, 5].map((at) => wordAt(words, at)),
      [-1, 0, 0, 1],
    );
  });
});
