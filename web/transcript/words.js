/**
 * Where the words of a line stand in its text, and when they are said.
 *
 * @import { Word } from "../protocol/types.js"
 */

/** A word of less confidence is shaded: it is rather wrong than right. */
export const DOUBTFUL = 0.5;

/**
 * @param {string} text which the user may have edited since
 * @param {Word[]} words
 * @returns {([number, number] | null)[]} for each word its range in UTF-16 units, or null if it is gone
 */
export function rangesOf(text, words) {
  let done = 0;
  return words.map(({ text: word }) => {
    const from = word ? text.indexOf(word, done) : -1;
    if (from < 0) return null;
    done = from + word.length;
    return [from, done];
  });
}

/**
 * @param {Word[]} words
 * @param {number} at in the words' own time
 * @returns {number} which word is said then, or was last; -1 before the first
 */
export function wordAt(words, at) {
  return words.findLastIndex(({ start }) => start <= at);
}
