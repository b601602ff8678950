/**
 * Lines are heard again, word by word.
 *
 * @import { Line } from "../transcript/transcript.js"
 * @import { TranscriptView } from "../transcript/view.js"
 * @import { Takes } from "../takes/takes.js"
 */
import * as player from "../audio/player.js";
import { wordAt } from "../transcript/words.js";

export class Playback {
  #takes;
  #view;
  /** @type {Line | null} */
  #line = null;

  /**
   * @param {Takes} takes
   * @param {TranscriptView} view
   */
  constructor(takes, view) {
    this.#takes = takes;
    this.#view = view;
  }

  /** @param {Line} line heard from its start, or no longer if it was just heard */
  async hear(line) {
    const again = this.#line === line;
    player.stop();
    const take = this.#takes.get(line.take);
    if (again || !take?.tape) return;
    const { offset, tape } = take;
    const samples = await tape.cut(line.start - offset, line.end - offset);
    this.#line = line;
    this.#view.markPlaying(line);
    await player.play(samples, tape.rate, tape.channels, () => {
      if (this.#line !== line) return;
      this.#line = null;
      this.#view.markPlaying(null);
    });
    this.#light(line, -1);
  }

  /**
   * @param {Line} line
   * @param {number} last which word is lit
   */
  #light(line, last) {
    if (this.#line !== line) return;
    const word = wordAt(line.words, line.start + player.position());
    if (word !== last) this.#view.markPlaying(line, word);
    requestAnimationFrame(() => this.#light(line, word));
  }
}
