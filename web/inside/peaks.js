/** The loudness of the last seconds, in steps small enough to draw. */

/** Seconds of one step. */
export const STEP_S = 0.02;

export class Peaks {
  #keep;
  #channels;
  #stepFrames;
  /** @type {number[]} */
  #steps = [];
  #dropped = 0;
  #loudest = 0;
  #frames = 0;

  /**
   * @param {number} seconds to remember at least; Infinity for all
   * @param {number} rate frames a second
   * @param {number} channels interleaved
   */
  constructor(seconds, rate, channels) {
    this.#keep = Math.ceil(seconds / STEP_S);
    this.#channels = channels;
    this.#stepFrames = Math.round(rate * STEP_S);
  }

  /** Steps seen since the take began. */
  get length() {
    return this.#dropped + this.#steps.length;
  }

  /**
   * @param {number} step counted from the start of the take
   * @returns {number} 0 to 1; 0 where nothing is remembered
   */
  at(step) {
    return this.#steps[step - this.#dropped] ?? 0;
  }

  /** @param {Int16Array} samples interleaved */
  push(samples) {
    for (let at = 0; at < samples.length; at += this.#channels) {
      for (let channel = 0; channel < this.#channels; channel += 1) {
        this.#loudest = Math.max(this.#loudest, Math.abs(samples[at + channel] ?? 0));
      }
      this.#frames += 1;
      if (this.#frames === this.#stepFrames) {
        this.#steps.push(this.#loudest / 32768);
        this.#frames = this.#loudest = 0;
      }
    }
    if (this.#steps.length > 2 * this.#keep) {
      this.#dropped += this.#steps.length - this.#keep;
      this.#steps = this.#steps.slice(-this.#keep);
    }
  }
}
