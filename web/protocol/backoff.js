/** How long to wait before the next attempt to connect. */

const FIRST_MS = 300;
const LONGEST_MS = 8000;

/**
 * Doubles with each failed attempt up to eight seconds; the upper half of the time is drawn by
 * chance, so that the pages of a restarted server do not all come back in the same moment.
 * @param {number} attempt failed attempts before this one, from 0
 * @param {number} chance from 0 to 1
 * @returns {number} milliseconds
 */
export function waitBefore(attempt, chance) {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(full * (0.5 + chance / 2));
}
