/** Short messages above everything else: one a subject, gone when dismissed or outdated. */

/** A note asks for nothing, and goes by itself. */
const NOTE_MS = 12_000;

/** @type {Map<string, HTMLElement>} */
const shown = new Map();

/**
 * @param {string} subject a newer notice replaces the older one of its subject
 * @param {string} text
 * @param {"warning" | "note"} [kind]
 */
export function notice(subject, text, kind = "warning") {
  unnotice(subject);
  const box = document.createElement("div");
  box.className = `notice ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "✕";
  close.ariaLabel = "Dismiss";
  close.onclick = () => unnotice(subject);
  box.append(words, close);
  document.getElementById("notices")?.append(box);
  shown.set(subject, box);
  if (kind === "note") setTimeout(() => shown.get(subject) === box && unnotice(subject), NOTE_MS);
}

/** @param {string} subject */
export function unnotice(subject) {
  shown.get(subject)?.remove();
  shown.delete(subject);
}
