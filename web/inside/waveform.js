/**
 * The scrolling picture of the sound, with the speech segments that the server found in it.
 *
 * @import { Peaks } from "./peaks.js"
 *
 * @typedef {object} Segment
 * @property {string} key
 * @property {number} start seconds of the take
 * @property {number | null} end null while the server still hears speech
 */
import { STEP_S } from "./peaks.js";

/** Seconds that the widest picture shows, from its left edge to its right one. */
export const WINDOW_S = 12;
const PX_PER_S = 44;
const BAR = 3;
const GAP = 2;
const DOT = 4;

export class Waveform {
  #canvas;
  #swatches;
  /** @type {Segment[]} */
  #segments = [];
  /** @type {{at: number, probability: number}[]} pauses that a turn model has judged */
  #pauses = [];
  /** @type {Peaks | null} */
  #peaks = null;
  #drawing = 0;
  /** @type {number | null} seconds of the take at the right edge; null: all that has been heard */
  until = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{sound: HTMLElement, speech: HTMLElement, turn: HTMLElement}} swatches of the legend: their
   * colours are used
   */
  constructor(canvas, swatches) {
    this.#canvas = canvas;
    this.#swatches = swatches;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** @param {Peaks} peaks of a take that begins now */
  begin(peaks) {
    this.#peaks = peaks;
    this.#segments = [];
    this.#pauses = [];
    this.until = null;
  }

  /** @param {string} key @param {number} start */
  speechStarted(key, start) {
    this.#segments.push({ key, start, end: null });
    if (this.#segments.length > 200) this.#segments.shift();
  }

  /** @param {string} key @param {number} end */
  speechEnded(key, end) {
    const segment = this.#segments.find((segment) => segment.key === key);
    if (segment) segment.end = end;
  }

  /** @param {number} at @param {number} probability that the speaker has finished */
  turnPaused(at, probability) {
    this.#pauses.push({ at, probability });
    if (this.#pauses.length > 200) this.#pauses.shift();
  }

  /** The session is lost: what it still had open will be told anew. */
  interrupted() {
    this.#segments = this.#segments.filter(({ end }) => end !== null);
  }

  /** Draw at the screen's next frame. */
  draw() {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#paint();
    });
  }

  #paint() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const paint = canvas.getContext("2d");
    if (!paint) return;
    paint.scale(scale, scale);
    const sound = getComputedStyle(this.#swatches.sound).backgroundColor;
    const speech = getComputedStyle(this.#swatches.speech).backgroundColor;
    const peaks = this.#peaks;
    const now = this.until ?? (peaks?.length ?? 0) * STEP_S;
    const span = Math.min(WINDOW_S, width / PX_PER_S);
    const from = Math.max(0, now - span);
    /** @param {number} seconds */
    const x = (seconds) => ((seconds - from) / span) * width;

    paint.fillStyle = speech;
    for (const { start, end } of this.#segments) {
      const left = Math.max(0, x(start));
      const right = x(end ?? now);
      if (right <= 0) continue;
      paint.beginPath();
      paint.roundRect(left, 0, Math.max(2, right - left), height, 8);
      paint.fill();
    }

    // Bars stand at fixed moments of the take, so that they scroll instead of flickering.
    const bar = ((BAR + GAP) / width) * span;
    const steps = Math.max(1, Math.round(bar / STEP_S));
    paint.fillStyle = sound;
    for (let n = Math.floor(from / (steps * STEP_S)); n * steps * STEP_S < from + span; n += 1) {
      let peak = 0;
      for (let step = n * steps; step < (n + 1) * steps; step += 1)
        peak = Math.max(peak, peaks?.at(step) ?? 0);
      const tall = Math.max(2, Math.sqrt(peak) * (height - 8));
      paint.beginPath();
      paint.roundRect(x(n * steps * STEP_S), (height - tall) / 2, BAR, tall, BAR / 2);
      paint.fill();
    }
    this.#paintPauses(paint, x, height);
  }

  /**
   * A line from pause to pause, as high as the speaker sounded finished.
   * @param {CanvasRenderingContext2D} paint
   * @param {(seconds: number) => number} x
   * @param {number} height
   */
  #paintPauses(paint, x, height) {
    const points = this.#pauses.map(({ at, probability }) => ({
      left: x(at),
      top: DOT + (1 - probability) * (height - 2 * DOT),
    }));
    paint.strokeStyle = paint.fillStyle = getComputedStyle(this.#swatches.turn).backgroundColor;
    paint.lineWidth = 1.5;
    paint.beginPath();
    for (const { left, top } of points) paint.lineTo(left, top);
    paint.stroke();
    for (const { left, top } of points) {
      paint.beginPath();
      paint.arc(left, top, DOT, 0, 2 * Math.PI);
      paint.fill();
    }
  }
}
