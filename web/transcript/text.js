/** Text as the server counts it and as the page shows it. */

/**
 * A partial's stable and unstable parts. The server counts code points, JavaScript UTF-16 units.
 * @param {string} text
 * @param {number} codePoints
 * @returns {[string, string]}
 */
export function splitAt(text, codePoints) {
  let units = 0;
  for (const character of text) {
    if (codePoints <= 0) break;
    codePoints -= 1;
    units += character.length;
  }
  return [text.slice(0, units), text.slice(units)];
}

/**
 * 75.4 → "1:15"; 3675 → "1:01:15".
 * @param {number} seconds
 * @returns {string}
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
