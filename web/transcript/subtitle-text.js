/**
 * How subtitles see a text: pieces that are not to be cut, how wide they are, where they end well.
 * `streamer/speech/subtitle_text.py` is the same for the server; tests/speech/subtitles.json holds
 * both to it.
 *
 * @typedef {"sentence" | "clause" | "word"} Ending
 *
 * @typedef {object} Piece
 * @property {string} text
 * @property {boolean} spaced a space is before it, where it does not begin a line
 * @property {Ending} ending what ends with it
 * @property {number} columns
 */

/** Of one line; a wide character counts as two columns. */
export const LINE_COLUMNS = 42;

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const UNSPACED =
  /[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{20000}-\u{3fffd}]/u;
const CLOSING = /[\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff1a\uff1b\u300d\u300f\uff09\u30fc]/u;
const OPENING = /[\u300c\u300e\uff08]/u;
const SENTENCE = /[.!?\u2026\u3002\uff01\uff1f]["'\u201d\u2019\u00bb)\]\u300d\u300f]*$/u;
const CLAUSE = /[,;:\u2013\u2014\u3001\uff0c\uff1b\uff1a]["'\u201d\u2019\u00bb)\]\u300d]*$/u;
const ABBREVIATION = /^(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|No)\.$/u;
const JOINED = /[\p{M}\u200d]/u;

/** @param {string} text */
export function columns(text) {
  let sum = 0;
  for (const character of text) sum += width(character);
  return sum;
}

/**
 * Cut a word, which has no spaces inside, wherever it may be cut.
 * @param {string} word
 * @returns {Piece[]}
 */
export function pieces(word) {
  return parts(word).map((text, number) => ({
    text,
    spaced: number === 0,
    ending: endingOf(text),
    columns: columns(text),
  }));
}

/** @param {string} word */
function parts(word) {
  const all = [];
  let part = "";
  let wide = 0;
  let breakable = false; // behind what `part` ends with
  for (const character of word) {
    const own = width(character);
    const unspaced = UNSPACED.test(character);
    const mayBreak = (unspaced || breakable) && !CLOSING.test(character);
    const joined = own === 0 || part.endsWith("\u200d");
    if (part && !joined && (mayBreak || wide + own > LINE_COLUMNS)) {
      all.push(part);
      part = "";
      wide = 0;
    }
    part += character;
    wide += own;
    if (own) breakable = unspaced && !OPENING.test(character);
  }
  return [...all, part];
}

/** @param {string} character nothing for what is drawn on the one before it, or ties the next to it */
function width(character) {
  if (JOINED.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/**
 * @param {string} part
 * @returns {Ending}
 */
function endingOf(part) {
  if (SENTENCE.test(part) && !ABBREVIATION.test(part)) return "sentence";
  return CLAUSE.test(part) ? "clause" : "word";
}
