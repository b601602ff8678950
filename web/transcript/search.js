/** Finding words in the transcript, whatever their case and accents. */

/**
 * @param {string} text
 * @param {string} query
 * @returns {[number, number][]} ranges of `text` in UTF-16 units: from, to
 */
export function findAll(text, query) {
  const wanted = fold(query.trim()).folded;
  if (!wanted) return [];
  const { folded, starts, ends } = fold(text);
  /** @type {[number, number][]} */
  const found = [];
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
    found.push([starts[at] ?? 0, ends[at + wanted.length - 1] ?? text.length]);
  }
  return found;
}

/**
 * Small letters without accents, and for each of their units the range of `text` it came from.
 * @param {string} text
 */
function fold(text) {
  let folded = "";
  let at = 0;
  /** @type {number[]} */
  const starts = [];
  /** @type {number[]} */
  const ends = [];
  for (const character of text) {
    const plain = character
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .toLowerCase();
    const end = at + character.length;
    if (plain === "" && ends.length > 0) ends[ends.length - 1] = end;
    for (let unit = 0; unit < plain.length; unit += 1) {
      starts.push(at);
      ends.push(end);
    }
    folded += plain;
    at = end;
  }
  return { folded, starts, ends };
}
