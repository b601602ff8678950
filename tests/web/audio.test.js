// Samples, their loudness, and what is kept of them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mix } from "../../web/audio/file.js";
import { interleave, meterOf, peakOf, separate, toInt16 } from "../../web/audio/pcm.js";
import { explainInsecure, explainMicrophone } from "../../web/audio/problems.js";
import { Tape } from "../../web/audio/tape.js";
import { Watch } from "../../web/audio/watch.js";
import { Figures, queueIn } from "../../web/inside/figures.js";
import { Peaks } from "../../web/inside/peaks.js";

describe("mixing", () => {
  const speech = Float32Array.from({ length: 4800 }, (_, n) => Math.sin(n / 20) / 2);

  it("averages channels", () => {
    assert.deepEqual(mix([speech, speech], 16000), speech);
    assert.ok(Math.abs((mix([speech, new Float32Array(4800)], 16000)[31] ?? 0) - (speech[31] ?? 0) / 2) < 1e-6);
  });

  it("takes the loudest alone where they cancel each other", () => {
    assert.deepEqual(mix([speech, speech.map((sample) => -sample)], 16000), speech);
  });
});

describe("samples", () => {
  it("come out of a 16-bit file as they went in", () => {
    const all = [-32768, -1, 0, 1, 12345, 32767];
    assert.deepEqual(
      all.map((sample) => toInt16(sample / 32768)),
      all,
    );
  });

  it("fill the range of 16 bits, and are clipped beyond it", () => {
    assert.deepEqual([0, 1, -1, 7, -7, 0.5].map(toInt16), [0, 32767, -32768, 32767, -32768, 16384]);
  });

  it("are interleaved and separated again", () => {
    const wire = interleave([Float32Array.of(0.5, -0.5), Float32Array.of(0, 1)]);
    assert.deepEqual([...wire], [16384, 0, -16384, 32767]);
    assert.deepEqual(
      separate(wire, 2).map((plane) => plane.length),
      [2, 2],
    );
    assert.equal(separate(wire, 2)[0][1], -0.5);
    assert.equal(interleave([]).length, 0);
  });

  it("are as loud as the loudest", () => {
    assert.equal(peakOf(Int16Array.of(3, -16384, 5)), 0.5);
    assert.equal(peakOf(Int16Array.of()), 0);
  });

  it("move the meter by decibels", () => {
    assert.deepEqual([0, 0.001, 1, 2].map(meterOf), [0, 0, 1, 1]);
    assert.ok(Math.abs(meterOf(0.1) - 2 / 3) < 1e-9);
  });
});

describe("the tape", () => {
  it("gives back any stretch, however it came in", async () => {
    const tape = new Tape(100, 2);
    for (let n = 0; n < 40; n += 1) tape.append(Int16Array.from({ length: 200 }, (_, i) => 200 * n + i));
    assert.equal(tape.duration, 40);
    const cut = await tape.cut(14.99, 15.01);
    assert.deepEqual([...cut], [2998, 2999, 3000, 3001]);
  });

  it("gives what there is beyond its ends", async () => {
    const tape = new Tape(10, 1);
    tape.append(Int16Array.of(1, 2, 3));
    assert.deepEqual([...(await tape.cut(-5, 99))], [1, 2, 3]);
    assert.deepEqual([...(await tape.cut(2, 3))], []);
  });
});

describe("the peaks", () => {
  it("are one a step of 20 ms, over all channels", () => {
    const peaks = new Peaks(10, 100, 2);
    peaks.push(Int16Array.of(0, 0, 16384, 0, 0));
    peaks.push(Int16Array.of(-32768, 1, 1));
    assert.deepEqual([peaks.length, peaks.at(0), peaks.at(1)], [2, 0.5, 1]);
  });

  it("forget what is long past, and keep count", () => {
    const peaks = new Peaks(0.1, 50, 1);
    for (let n = 0; n < 100; n += 1) peaks.push(Int16Array.of(n));
    assert.equal(peaks.length, 100);
    assert.equal(peaks.at(99), 99 / 32768);
    assert.equal(peaks.at(3), 0);
  });
});

describe("the figures", () => {
  it("measure a final from the moment its last sample was captured", () => {
    const figures = new Figures();
    for (let n = 1; n <= 100; n += 1) figures.captured(n / 10, 5000 + n * 100);
    assert.equal(figures.finalLatency, null);
    figures.final(4, 9600);
    assert.equal(figures.finalLatency, 600);
    figures.final(8, 13_250);
    assert.equal(figures.finalLatency, 250);
  });

  it("measure how far the words lag behind the sound", () => {
    const figures = new Figures();
    figures.captured(3, 0);
    figures.heard(2.25);
    assert.equal(figures.lag, 0.75);
    figures.heard(9);
    assert.equal(figures.lag, 0);
  });

  it("read the server's queue from its metrics", () => {
    const metrics =
      '# TYPE streamer_queue_jobs gauge\nstreamer_queue_jobs{kind="final"} 2.0\nstreamer_queue_jobs{kind="partial"} 3.0\n';
    assert.equal(queueIn(metrics), 5);
    assert.equal(queueIn("other 1\n"), null);
  });
});

describe("the watch", () => {
  const blocks = (watch, from, count, silent = false) => {
    const told = [];
    for (let n = 1; n <= count; n += 1) told.push(watch.block(from + n * 40, 0.04, silent));
    return told.filter(({ paused, silence }) => paused || silence);
  };

  it("says nothing while sound comes", () => {
    const watch = new Watch(0, 0);
    assert.deepEqual(blocks(watch, 0, 1000), []);
    assert.equal(watch.missed(40_000, 40), 0);
  });

  it("measures what a sleep has swallowed, once", () => {
    const watch = new Watch(0, 0);
    blocks(watch, 0, 100);
    assert.deepEqual(blocks(watch, 9000, 25), [{ paused: true, silence: null }]);
    assert.equal(watch.missed(10_000, 5), 5);
    assert.equal(watch.missed(10_040, 5.04), 0);
  });

  it("forgives a busy page whose blocks come late but do come", () => {
    const watch = new Watch(0, 0);
    watch.block(40, 0.04, false);
    assert.ok(watch.block(5000, 0.04, false).paused);
    assert.equal(watch.missed(6000, 5.8), 0);
  });

  it("tells when a microphone gives nothing but zeros, and when that ends", () => {
    const watch = new Watch(0, 0);
    assert.deepEqual(blocks(watch, 0, 1000, true), [{ paused: false, silence: "begins" }]);
    assert.equal(watch.block(40_040, 0.04, false).silence, "ends");
  });
});

describe("problems are told in words", () => {
  it("for every way in which a microphone can fail", () => {
    const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "AbortError"];
    assert.equal(new Set(names.map(explainMicrophone)).size, names.length);
    assert.match(explainMicrophone("AbortError"), /AbortError/);
  });

  it("with the very command that helps where the page is not secure", () => {
    assert.match(
      explainInsecure(new URL("http://box.lan:8000/")),
      /“ssh -L 8000:localhost:8000 box\.lan” and open http:\/\/localhost:8000,/,
    );
  });
});
