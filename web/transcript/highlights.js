/**
 * Words of low confidence, and the word that is heard now: drawn by the browser over the text, where it
 * can; the text itself does not change.
 *
 * @import { Line } from "./transcript.js"
 */
import { DOUBTFUL, rangesOf } from "./words.js";

export class Highlights {
  #doubtful = make("doubtful");
  #lit = make("lit");
  /** @type {Map<string, Range[]>} by the id of the line */
  #doubts = new Map();

  /**
   * To be called whenever the line's text has been drawn anew, or is gone.
   * @param {Line} line
   * @param {Element | null} text
   */
  doubt(line, text) {
    for (const range of this.#doubts.get(line.id) ?? []) this.#doubtful?.delete(range);
    this.#doubts.delete(line.id);
    if (!this.#doubtful || !text || line.edited || line.words.length === 0) return;
    const found = rangesOf(line.text, line.words);
    const ranges = line.words.flatMap(({ confidence }, n) => {
      const at = found[n];
      return at && confidence !== null && confidence < DOUBTFUL ? [rangeIn(text, ...at)] : [];
    });
    ranges.forEach((range) => this.#doubtful?.add(range));
    this.#doubts.set(line.id, ranges);
  }

  /**
   * @param {Line | null} line
   * @param {Element | null} text
   * @param {number} word -1 for none
   */
  light(line, text, word) {
    this.#lit?.clear();
    const at = line && rangesOf(line.text, line.words)[word];
    if (at && text) this.#lit?.add(rangeIn(text, ...at));
  }
}

/** @param {string} name */
function make(name) {
  if (!CSS.highlights) return null;
  const highlight = new Highlight();
  CSS.highlights.set(name, highlight);
  return highlight;
}

/**
 * @param {Element} element
 * @param {number} from in UTF-16 units of its text
 * @param {number} to
 * @returns {Range}
 */
function rangeIn(element, from, to) {
  const range = document.createRange();
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let done = 0;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (from >= done && from < done + length) range.setStart(node, from - done);
    if (to > done && to <= done + length) range.setEnd(node, to - done);
    done += length;
  }
  return range;
}
