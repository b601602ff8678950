/**
 * The picture of the sound, and the figures beneath it.
 *
 * @import { UtteranceEvent } from "../protocol/types.js"
 * @import { Recording } from "./recorder.js"
 */
import { Figures } from "../inside/figures.js";
import { Peaks } from "../inside/peaks.js";
import { Waveform, WINDOW_S } from "../inside/waveform.js";
import { byId } from "./elements.js";

export class Inside {
  #waveform = new Waveform(byId("waveform", HTMLCanvasElement), {
    sound: byId("swatch-sound"),
    speech: byId("swatch-speech"),
  });
  #figures = new Figures();
  /** @type {Recording | null} */
  #recording = null;
  #peaks = new Peaks(WINDOW_S, 1, 1);
  #began = 0;
  #speaking = 0;
  #finishedUntil = 0;

  /** @param {Recording} recording */
  begin(recording) {
    this.#recording = recording;
    this.#figures = new Figures();
    this.#peaks = new Peaks(WINDOW_S, recording.rate, recording.channels);
    this.#waveform.begin(this.#peaks);
    this.#began = performance.now();
    this.#speaking = this.#finishedUntil = 0;
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
      case "partial":
        this.#figures.heard(event.end);
        break;
      case "final":
        this.#figures.final(event.end, performance.now());
        this.#finishedUntil = event.end;
        break;
    }
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
          ["line complete after", finalLatency === null ? "–" : `${(finalLatency / 1000).toFixed(2)} s`],
          ["words behind by", this.#speaking > 0 ? `${lag.toFixed(1)} s` : "–"],
        ]
      : [["speed", `${Math.round(this.#finishedUntil / elapsed)} × real time`]];
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
}
