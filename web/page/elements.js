/** Elements of index.html, with their types checked once. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 * @throws {Error} if index.html has no such element
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof (kind ?? HTMLElement))) throw new Error(`no #${id} of that kind`);
  return /** @type {T} */ (element);
}
