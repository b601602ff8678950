// What is sent again after a loss, and how sessions fit together.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { waitBefore } from "../../web/protocol/backoff.js";
import { Continuity } from "../../web/protocol/continuity.js";
import { Outbox } from "../../web/protocol/outbox.js";

const samples = (...values) => Int16Array.from(values);
const drain = (outbox, frames = 100) => {
  const all = [];
  for (let part = outbox.next(frames); part; part = outbox.next(frames)) all.push(...part);
  return all;
};

describe("the outbox", () => {
  it("gives every sample once, in order, in frames of at most the asked length", () => {
    const outbox = new Outbox(2);
    outbox.append(samples(1, 2, 3, 4, 5, 6));
    outbox.append(samples(7, 8));
    assert.deepEqual([...outbox.next(2)], [1, 2, 3, 4]);
    assert.deepEqual(drain(outbox), [5, 6, 7, 8]);
    assert.equal(outbox.next(2), null);
    assert.equal(outbox.sent, 4);
  });

  it("goes back as far as it still holds", () => {
    const outbox = new Outbox(1);
    for (let n = 0; n < 10; n += 1) outbox.append(samples(2 * n, 2 * n + 1));
    drain(outbox);
    outbox.rewind(15);
    assert.deepEqual(drain(outbox), [15, 16, 17, 18, 19]);
    outbox.forget(7);
    assert.equal(outbox.first, 6, "a block goes when all of it lies before");
    outbox.rewind(0);
    assert.deepEqual(drain(outbox)[0], 6);
  });

  it("holds nothing after everything is forgotten, and goes on", () => {
    const outbox = new Outbox(1);
    outbox.append(samples(1, 2));
    drain(outbox);
    outbox.forget(2);
    assert.equal(outbox.first, 2);
    outbox.append(samples(3));
    assert.deepEqual(drain(outbox), [3]);
  });

  it("ignores empty blocks", () => {
    const outbox = new Outbox(1);
    outbox.append(samples());
    assert.equal(outbox.next(1), null);
  });
});

const started = (utterance, at, channel = 0) => ({ type: "speech_started", channel, utterance, at });
const final = (utterance, start, end, channel = 0) => ({
  type: "final",
  channel,
  utterance,
  start,
  end,
  text: "t",
  reason: "silence",
  language: "en",
  confidence: 1,
});

describe("continuity", () => {
  it("begins at the beginning", () => {
    assert.equal(new Continuity(1).reopen(), 0);
  });

  it("keeps half a second before what is acknowledged, for speech about to be told of", () => {
    const one = new Continuity(1);
    one.reopen();
    one.acknowledge(10);
    assert.equal(one.keepFrom, 9.5);
  });

  it("never goes back behind a final", () => {
    const one = new Continuity(1);
    one.reopen();
    one.place(started(0, 2));
    one.place(final(0, 2, 9.8));
    one.acknowledge(10);
    assert.equal(one.keepFrom, 9.8);
  });

  it("keeps an open utterance from its first sample, whatever is acknowledged", () => {
    const one = new Continuity(1);
    one.reopen();
    one.acknowledge(10);
    one.place(started(0, 9.8));
    assert.equal(one.reopen(), 9.3);
  });

  it("moves the times of a later session to where it began in the take", () => {
    const one = new Continuity(1);
    one.reopen();
    one.acknowledge(10);
    one.reopen();
    assert.equal(one.place(started(0, 1)).at, 10.5);
    assert.deepEqual((({ start, end }) => [start, end])(one.place(final(0, 1, 2))), [10.5, 11.5]);
    one.acknowledge(3);
    assert.equal(one.keepFrom, 12);
  });

  it("tells utterances of different sessions apart", () => {
    const one = new Continuity(1);
    one.reopen();
    const first = one.place(started(0, 1));
    one.reopen();
    assert.notEqual(one.place(started(0, 1)).key, first.key);
  });

  it("goes back for the channel that is furthest behind, and repeats no final of another", () => {
    const two = new Continuity(2);
    two.reopen();
    two.place(started(0, 1, 0));
    two.place(started(0, 2, 1));
    two.place(final(0, 2, 4, 1));
    assert.equal(two.reopen(), 0, "channel 0 has had no final");
    assert.equal(two.place(started(0, 1, 0)).at, 1);
    assert.equal(two.place(started(0, 2, 1)), null);
    assert.equal(two.place(final(0, 2, 4, 1)), null);
    assert.equal(two.place(started(1, 6, 1)).at, 6);
  });

  it("still tells a final that only begins where an earlier one lay", () => {
    const two = new Continuity(2);
    two.reopen();
    two.place(started(0, 1, 0));
    two.place(final(0, 2, 4, 1));
    two.reopen();
    two.place(started(0, 3.5, 1));
    assert.equal(two.place(final(0, 3.5, 9, 1)).end, 9);
  });
});

describe("the wait before another attempt", () => {
  it("doubles up to eight seconds", () => {
    assert.deepEqual(
      [0, 1, 2, 3, 9].map((attempt) => waitBefore(attempt, 1)),
      [300, 600, 1200, 2400, 8000],
    );
  });

  it("is at least half of that", () => {
    assert.equal(waitBefore(9, 0), 4000);
  });
});
