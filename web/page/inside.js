/**
 * The picture of the sound, and the figures beneath it.
 *
 * @import { UtteranceEvent } from "../protocol/types.js"
 * @import { Recording } from "./recorder.js"
 */
import { Figures, queueIn } from "../inside/figures.js";
import { Peaks } from "../inside/peaks.js";
import { Waveform, WINDOW_S } from "../inside/waveform.js";
import { byId } from "./elements.js";

const QUEUE_MS = 2000;

export class Inside {
  #waveform = new Waveform(byId("waveform", HTMLCanvasElement), {
    sound: byId("swatch-sound"),
    speech: byId("swatch-speech"),
    turn: byId("swatch-turn"),
  });
  #figures = new Figures();
  /** @type {Recording | null} */
  #recording = null;
  #peaks = new Peaks(WINDOW_S, 1, 1);
  #began = 0;
  #speaking = 0;
  #finishedUntil = 0;
  /** @type {number | null} of the newest pause, that the speaker has finished */
  #probability = null;
  /** @type {number | null} jobs waiting in the server; asked for only while somebody tunes */
  #queue = null;

  constructor() {
    setInterval(() => {
      if (this.#recording && byId("fold-tuning", HTMLDetailsElement).open) void this.#askQueue();
      else this.#queue = null;
    }, QUEUE_MS);
  }

  /** @param {Recording} recording */
  begin(recording) {
    this.#recording = recording;
    this.#figures = new Figures();
    this.#peaks = new Peaks(recording.live ? WINDOW_S : Infinity, recording.tape.rate, recording.channels);
    this.#waveform.begin(this.#peaks);
    // A file is there at once: its picture moves as the server gets on with it.
    if (!recording.live) this.#waveform.until = 0;
    this.#began = performance.now();
    this.#speaking = this.#finishedUntil = 0;
    this.#probability = null;
    byId("legend-turn").hidden = true;
    byId("inside").hidden = false;
  }

  /** @param {Int16Array} samples */
  samples(samples) {
    this.#peaks.push(samples);
    this.#figures.captured(this.#recording?.tape.duration ?? 0, performance.now());
    this.#waveform.draw();
  }

  /** @param {UtteranceEvent} event */
  event(event) {
    switch (event.type) {
      case "speech_started":
        this.#speaking += 1;
        this.#waveform.speechStarted(event.key, event.at);
        break;
      case "speech_ended":
        this.#speaking -= 1;
        this.#waveform.speechEnded(event.key, event.at);
        break;
      case "turn_paused":
        this.#probability = event.probability;
        this.#waveform.turnPaused(event.at, event.probability);
        byId("legend-turn").hidden = false;
        break;
      case "partial":
        this.#figures.heard(event.end);
        break;
      case "final":
        this.#figures.final(event.end, performance.now());
        this.#finishedUntil = event.end;
        break;
    }
    if (this.#waveform.until !== null) this.#waveform.until = "at" in event ? event.at : event.end;
    this.#waveform.draw();
    this.showFigures();
  }

  interrupted() {
    this.#speaking = 0;
    this.#waveform.interrupted();
  }

  end() {
    this.#speaking = 0;
    this.showFigures();
  }

  showFigures() {
    const { finalLatency, lag } = this.#figures;
    const elapsed = (performance.now() - this.#began) / 1000;
    /** @type {[string, string][]} */
    const rows = this.#recording?.live
      ? [
          ["a line’s last word, said → line final", finalLatency === null ? "–" : `${(finalLatency / 1000).toFixed(2)} s`],
          ["sound that has no words yet", this.#speaking > 0 ? `${lag.toFixed(1)} s` : "–"],
        ]
      : [["done at a speed of", `${(this.#finishedUntil / elapsed).toFixed(1)} × real time`]];
    if (this.#probability !== null)
      rows.push(["sounded finished at the last pause", `${Math.round(this.#probability * 100)} %`]);
    if (this.#queue !== null) rows.push(["jobs in the server’s queue", String(this.#queue)]);
    byId("figures").replaceChildren(
      ...rows.map(([name, value]) => {
        const row = document.createElement("div");
        const [term, figure] = [document.createElement("dt"), document.createElement("dd")];
        term.textContent = name;
        figure.textContent = value;
        row.append(term, figure);
        return row;
      }),
    );
  }

  async #askQueue() {
    const answer = await fetch("metrics", { cache: "no-store" }).catch(() => null);
    this.#queue = answer?.ok ? queueIn(await answer.text()) : null;
  }
}
