/** Watches a microphone for sound that is missing: the tab slept, or the device is switched off. */

/** Blocks that stay away so long mean a sleeping tab, or a page that was only busy. */
const PAUSE_MS = 2000;
/** So much missing sound is worth telling. */
const MISSED_S = 1.5;
/** A microphone without any sound for so long is probably switched off. */
const SILENCE_S = 6;

export class Watch {
  #lastBlock;
  /** When the sound would have begun, had none of it been missed: milliseconds. */
  #began;
  #silent = 0;

  /**
   * @param {number} now milliseconds, any clock
   * @param {number} position seconds of the take at which this microphone's sound begins
   */
  constructor(now, position) {
    this.#lastBlock = now;
    this.#began = now - position * 1000;
  }

  /**
   * @param {number} now
   * @param {number} seconds that the new block lasts
   * @param {boolean} silent nothing but zeros, as no open microphone gives
   * @returns {{paused: boolean, silence: "begins" | "ends" | null}} `paused`: look at `missed` a
   *   little later, when blocks that waited for a busy page have arrived
   */
  block(now, seconds, silent) {
    const paused = now - this.#lastBlock > PAUSE_MS;
    this.#lastBlock = now;
    const before = this.#silent >= SILENCE_S;
    this.#silent = silent ? this.#silent + seconds : 0;
    const after = this.#silent >= SILENCE_S;
    return { paused, silence: before === after ? null : after ? "begins" : "ends" };
  }

  /**
   * Seconds that never came, each told once.
   * @param {number} now
   * @param {number} position seconds of the take that did come
   * @returns {number}
   */
  missed(now, position) {
    const missed = (now - this.#began) / 1000 - position;
    if (missed < MISSED_S) return 0;
    this.#began += missed * 1000;
    return missed;
  }
}
