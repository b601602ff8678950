/**
 * Utterances as subtitles that can be read: short cues, cut where a reader expects it.
 * `streamer/speech/subtitles.py` is the same for the server, and says why; tests/speech/subtitles.json
 * holds both to it. The page knows no words' times: they are estimated by their characters.
 *
 * @import { Ending, Piece } from "./subtitle-text.js"
 *
 * @typedef {{text: string, start: number, end: number}} Spoken
 *
 * @typedef {object} Cue
 * @property {number} start seconds
 * @property {number} end
 * @property {string[]} lines one or two; the first may be empty, for a label to stand there alone
 *
 * @typedef {Piece & {start: number, end: number}} Timed
 */
import { columns, LINE_COLUMNS, pieces } from "./subtitle-text.js";

const LONGEST_S = 7;
const SHORTEST_S = 1;
const COLUMNS_A_SECOND = 17;
const SLOWEST_COLUMNS_A_SECOND = 6;
const CUE = 1000;
const FULL = 400;
/** @type {Record<Ending, number>} */
const CUT = { sentence: 0, clause: 500, word: 2000 };
/** @type {Record<Ending, number>} */
const BREAK = { sentence: 0, clause: 8, word: 16 };

/**
 * The cues of one channel's utterances, which are in order.
 * @param {Spoken[]} utterances
 * @param {number} labelColumns what a label takes of each cue's first line
 * @returns {Cue[]} no two overlap
 */
export function cuesOf(utterances, labelColumns = 0) {
  const cues = utterances.flatMap((one) => new Cutting(one, LINE_COLUMNS - labelColumns).cues());
  let freeFrom = 0;
  return cues.map((cue, n) => {
    const start = Math.max(cue.start, freeFrom);
    const width = cue.lines.reduce((sum, line) => sum + columns(line), 0);
    const reading = Math.max(SHORTEST_S, width / COLUMNS_A_SECOND);
    let end = Math.min(Math.max(cue.end, start + reading), start + LONGEST_S);
    if (n + 1 < cues.length) end = Math.min(end, Math.max(nth(cues, n + 1).start, start + 0.001));
    freeFrom = end;
    return { start, end, lines: cue.lines };
  });
}

/**
 * An element that is there.
 * @template T
 * @param {T[]} list
 * @param {number} n
 * @returns {T}
 */
function nth(list, n) {
  return /** @type {T} */ (list[n]);
}

/** One utterance that is being cut. Positions are indices of pieces. */
class Cutting {
  #room;
  /** @type {Timed[]} */
  #pieces;
  /** @type {number[]} columns before each piece, in one long line */
  #before = [0];

  /**
   * @param {Spoken} spoken
   * @param {number} room columns of a cue's first line
   */
  constructor(spoken, room) {
    this.#room = room;
    this.#pieces = timed(spoken);
    for (const { columns, spaced } of this.#pieces)
      this.#before.push(nth(this.#before, this.#before.length - 1) + columns + Number(spaced));
  }

  /** @returns {Cue[]} cut where all together cost least */
  cues() {
    const count = this.#pieces.length;
    const least = Array(count + 1).fill(0); // cost of everything from a piece on
    const until = Array(count).fill(0); // where the cue that begins with it ends
    for (let first = count - 1; first >= 0; first -= 1) {
      least[first] = Infinity;
      for (const last of this.#ways(first)) {
        const cost = this.#cost(first, last) + least[last];
        if (cost < least[first]) [least[first], until[first]] = [cost, last];
      }
    }
    const cues = [];
    for (let first = 0; first < count; first = until[first]) {
      const last = nth(until, first);
      const [start, end] = [nth(this.#pieces, first).start, nth(this.#pieces, last - 1).end];
      cues.push({ start, end, lines: this.#lines(first, last) });
    }
    return cues;
  }

  /**
   * Where a cue that begins with a piece may end; one piece always may.
   * @param {number} first
   */
  *#ways(first) {
    let lower = -1; // where its second line begins
    for (let last = first + 1; last <= this.#pieces.length; last += 1) {
      if (lower < 0 && this.#width(first, last) > this.#room) lower = last - 1;
      const full = lower >= 0 && this.#width(lower, last) > LINE_COLUMNS;
      const long = nth(this.#pieces, last - 1).end - nth(this.#pieces, first).start > LONGEST_S;
      if (last > first + 1 && (full || long)) return;
      yield last;
    }
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  #cost(first, last) {
    const cut = last === this.#pieces.length ? 0 : CUT[nth(this.#pieces, last - 1).ending];
    return CUE + cut + Math.floor((FULL * this.#width(first, last) ** 2) / (2 * LINE_COLUMNS) ** 2);
  }

  /**
   * Break a cue's text, evenly and where it ends well.
   * @param {number} first
   * @param {number} last
   */
  #lines(first, last) {
    if (this.#width(first, last) <= this.#room) return [this.#text(first, last)];
    let [best, least] = [first, Infinity];
    for (let at = first; at < last; at += 1) {
      const [upper, lower] = [this.#width(first, at), this.#width(at, last)];
      if (upper > this.#room || lower > LINE_COLUMNS) continue;
      const breaking = at === first ? LINE_COLUMNS : BREAK[nth(this.#pieces, at - 1).ending];
      const cost = Math.abs(upper - lower) + breaking;
      if (cost < least) [best, least] = [at, cost];
    }
    return [this.#text(first, best), this.#text(best, last)];
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  #width(first, last) {
    const spaced = Number(nth(this.#pieces, first).spaced);
    return nth(this.#before, last) - nth(this.#before, first) - spaced;
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  #text(first, last) {
    const shown = this.#pieces.slice(first, last);
    return shown.map(({ text, spaced }, n) => (n && spaced ? ` ${text}` : text)).join("");
  }
}

/**
 * @param {Spoken} spoken
 * @returns {Timed[]}
 */
function timed({ text, start, end }) {
  const words = text.split(/\s+/u).filter(Boolean);
  const characters = words.reduce((sum, word) => sum + [...word].length, 0);
  const longest = Math.max(SHORTEST_S, columns(words.join(" ")) / SLOWEST_COLUMNS_A_SECOND);
  const last = Math.min(end, start + longest);
  const at = (/** @type {number} */ said) => start + ((last - start) * said) / characters;
  let said = 0;
  return words.flatMap((word) => {
    const [from, length] = [said, [...word].length];
    const [begins, ends] = [at(from), at(from + length)];
    said += length;
    let inside = 0;
    return pieces(word).map((piece) => {
      const pieceStart = begins + ((ends - begins) * inside) / length;
      inside += [...piece.text].length;
      return { ...piece, start: pieceStart, end: begins + ((ends - begins) * inside) / length };
    });
  });
}
