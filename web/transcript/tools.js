/**
 * Search, copy, download and clear.
 *
 * @import { Transcript } from "./transcript.js"
 * @import { TranscriptView } from "./view.js"
 * @import { Takes } from "../takes/takes.js"
 * @import { Format, Who } from "./formats.js"
 */
import { byId } from "../page/elements.js";
import { shifted } from "../takes/keeper.js";
import { nameOf, voiceOf } from "../takes/takes.js";
import { finished, FORMATS, toText } from "./formats.js";

/**
 * @param {Transcript} transcript
 * @param {Takes} takes
 * @param {TranscriptView} view
 * @param {() => boolean} running whether a recording is, which must not be cleared away
 * @param {() => void} clear
 * @returns {() => void} to be called when the transcript, the takes or `running` have changed
 */
export function setUpTools(transcript, takes, view, running, clear) {
  const search = byId("search", HTMLInputElement);
  const matches = byId("matches", HTMLOutputElement);
  const copy = byId("copy", HTMLButtonElement);
  const menu = byId("download", HTMLDetailsElement);
  const which = byId("which", HTMLSelectElement);
  const clearing = byId("clear", HTMLButtonElement);
  /** @type {Who} */
  const who = (line) => nameOf(voiceOf(line), takes.get(line.take)?.names ?? {});
  const chosen = () => takes.all.find(({ key }) => key === which.value);
  const lines = () => {
    const take = chosen();
    return take ? transcript.of(take.id).map((line) => shifted(line, -take.offset)) : transcript.lines;
  };

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
    await copyText(toText(lines(), who));
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });

  menu.addEventListener("click", ({ target }) => {
    const format = target instanceof Element && target.closest("button")?.dataset.format;
    if (!format) return;
    const { mime, write } = FORMATS[/** @type {Format} */ (format)];
    download(new Blob([write(lines(), who)], { type: mime }), fileNameOf(chosen()?.name ?? "", format));
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  addEventListener("click", ({ target }) => {
    if (!(target instanceof Node && menu.contains(target))) menu.open = false;
  });

  clearing.addEventListener("click", () => {
    if (!confirm("Clear all takes and their sound? They cannot be brought back.")) return;
    clear();
    byId("record").focus();
  });

  return () => {
    const empty = finished(transcript.lines).length === 0;
    const bare = takes.all.length === 0;
    if (which.options.length !== takes.all.length + 1 || which.dataset.last !== takes.last?.key) {
      const options = takes.all.map(({ name, key }) => new Option(name, key)).reverse();
      which.replaceChildren(...options, new Option("All takes", ""));
      which.dataset.last = takes.last?.key;
    }
    which.hidden = takes.all.length < 2;
    byId("empty").hidden = !bare;
    byId("tools").classList.toggle("bare", bare);
    copy.disabled = empty;
    clearing.disabled = bare || running();
    menu.querySelectorAll("button").forEach((button) => (button.disabled = empty));
    showFound();
  };
}

/**
 * @param {string} text
 * @param {Element} [place] where a selection can be, while a dialog is open
 */
export async function copyText(text, place = document.body) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // An insecure context has no clipboard object, but copies a selection.
  const area = document.createElement("textarea");
  area.value = text;
  place.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/**
 * @param {string} name of the take, if it is one
 * @param {string} ending
 */
export function fileNameOf(name, ending) {
  const plain = name.replace(/\.\w{1,5}$/, "").replace(/[\\/:*?"<>|\p{Cc}\s]+/gu, " ");
  return `${plain.trim() || `transcript-${new Date().toISOString().slice(0, 16).replace(/[T:]/g, "-")}`}.${ending}`;
}

/**
 * @param {Blob} file
 * @param {string} name
 */
function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
