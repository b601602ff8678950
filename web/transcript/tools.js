/**
 * Search, copy, download and clear.
 *
 * @import { Transcript } from "./transcript.js"
 * @import { TranscriptView } from "./view.js"
 * @import { Format } from "./formats.js"
 */
import { byId } from "../page/elements.js";
import { finished, FORMATS, toText } from "./formats.js";

/**
 * @param {Transcript} transcript
 * @param {TranscriptView} view
 * @param {() => boolean} running whether a recording is, which must not be cleared away
 * @param {() => void} cleared
 * @returns {() => void} to be called when the transcript or `running` has changed
 */
export function setUpTools(transcript, view, running, cleared) {
  const search = byId("search", HTMLInputElement);
  const matches = byId("matches", HTMLOutputElement);
  const copy = byId("copy", HTMLButtonElement);
  const menu = byId("download", HTMLDetailsElement);
  const clear = byId("clear", HTMLButtonElement);

  const showFound = () => (matches.textContent = view.found);
  search.addEventListener("input", () => {
    view.search(search.value);
    showFound();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    view.goToMatch(event.shiftKey ? -1 : 1);
    showFound();
  });

  copy.addEventListener("click", async () => {
    await copyText(toText(transcript.lines));
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });

  menu.addEventListener("click", ({ target }) => {
    const format = target instanceof Element && target.closest("button")?.dataset.format;
    if (!format) return;
    download(/** @type {Format} */ (format), transcript);
    menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  addEventListener("click", ({ target }) => {
    if (!(target instanceof Node && menu.contains(target))) menu.open = false;
  });

  clear.addEventListener("click", () => {
    if (!confirm("Clear the transcript and its sound? They cannot be brought back.")) return;
    transcript.clear();
    cleared();
  });

  return () => {
    const empty = finished(transcript.lines).length === 0;
    const bare = transcript.lines.length === 0;
    byId("empty").hidden = !bare;
    byId("tools").classList.toggle("bare", bare);
    copy.disabled = empty;
    clear.disabled = empty || running();
    menu.querySelectorAll("button").forEach((button) => (button.disabled = empty));
    showFound();
  };
}

/** @param {string} text */
async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // An insecure context has no clipboard object, but copies a selection.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/**
 * @param {Format} format
 * @param {Transcript} transcript
 */
function download(format, transcript) {
  const { mime, write } = FORMATS[format];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([write(transcript.lines)], { type: mime }));
  link.download = `transcript-${new Date().toISOString().slice(0, 16).replace(/[T:]/g, "-")}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
