/**
 * What lies around the transcription: theme, help, and dropped files.
 *
 * @import { Choices } from "./settings.js"
 */
import { byId } from "./elements.js";
import { save } from "./settings.js";

const THEMES = ["", "light", "dark"];

/** @param {Choices} choices */
export function setUpTheme(choices) {
  const button = byId("theme");
  const show = () => {
    document.documentElement.dataset.theme = choices.theme;
    button.title = button.ariaLabel = `Theme: ${choices.theme || "auto"}`;
  };
  button.addEventListener("click", () => {
    choices.theme = THEMES[(THEMES.indexOf(choices.theme) + 1) % THEMES.length] ?? "";
    save(choices);
    show();
  });
  show();
}

/** @param {Choices} choices */
export function setUpHelp(choices) {
  const dialog = byId("help", HTMLDialogElement);
  const shortcuts = byId("shortcuts", HTMLInputElement);
  byId("help-open").addEventListener("click", () => dialog.showModal());
  shortcuts.checked = choices.shortcuts;
  shortcuts.addEventListener("change", () => {
    choices.shortcuts = shortcuts.checked;
    save(choices);
  });
}

/** @param {(files: File[]) => void} dropped */
export function setUpDrop(dropped) {
  /** @param {DragEvent} event */
  const carriesFile = ({ dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    dropped([...(event.dataTransfer?.files ?? [])]);
  });
}
