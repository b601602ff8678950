/**
 * "Use this in your code": programs with this server's address and the settings that are chosen.
 *
 * @import { Settings } from "../protocol/types.js"
 * @import { Snippet } from "./snippets.js"
 */
import { copyText } from "../transcript/tools.js";
import { byId } from "./elements.js";
import { apiKey } from "./server.js";
import { SNIPPETS } from "./snippets.js";

/** @param {() => Settings} settings that are not the server's own choice */
export function setUpCode(settings) {
  const dialog = byId("code", HTMLDialogElement);
  const choice = byId("code-choice");
  const text = byId("code-text");
  const copy = byId("code-copy");
  const names = /** @type {Snippet[]} */ (Object.keys(SNIPPETS));
  /** @param {Snippet} name */
  const show = (name) => {
    const address = new URL(".", document.baseURI).href;
    text.textContent = SNIPPETS[name]({ address, key: apiKey(), settings: settings() });
    for (const button of choice.querySelectorAll("button"))
      button.ariaPressed = String(button.textContent === name);
  };
  choice.append(
    ...names.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = name;
      button.addEventListener("click", () => show(name));
      return button;
    }),
  );
  byId("code-key").hidden = !apiKey();
  byId("code-open").addEventListener("click", () => {
    show("Python");
    dialog.showModal();
  });
  copy.addEventListener("click", async () => {
    await copyText(text.textContent ?? "", dialog);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
}
