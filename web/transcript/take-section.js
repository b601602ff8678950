/**
 * A take on the screen: its name, when it was and how long, and room for its lines.
 *
 * @import { KnownTake } from "../takes/takes.js"
 */
import { lengthOf } from "../takes/takes.js";
import { clock } from "./text.js";

/**
 * @param {KnownTake} take
 * @param {(name: string) => void} rename
 * @param {() => void} remove
 * @returns {HTMLElement}
 */
export function makeTake(take, rename, remove) {
  const section = document.createElement("section");
  section.className = "take";
  section.id = `take-${take.id}`;
  const head = document.createElement("div");
  head.className = "head";
  const name = document.createElement("input");
  name.ariaLabel = "Name of this take";
  name.value = take.name;
  name.addEventListener("change", () => rename(name.value.trim() || take.name));
  const facts = document.createElement("span");
  facts.className = "aside";
  const gone = document.createElement("button");
  gone.type = "button";
  gone.className = "remove quiet round";
  gone.textContent = "✕";
  gone.addEventListener("click", remove);
  head.append(name, facts, gone);
  const nothing = document.createElement("p");
  nothing.className = "nothing aside";
  nothing.textContent = "No speech was found in this.";
  nothing.hidden = true;
  section.append(head, document.createElement("ol"), nothing);
  return section;
}

/**
 * @param {HTMLElement} section
 * @param {KnownTake} take
 * @param {boolean} running
 */
export function fillTake(section, take, running) {
  section.ariaLabel = take.name;
  const [head, lines, nothing] = /** @type {[HTMLElement, HTMLElement, HTMLElement]} */ ([
    ...section.children,
  ]);
  const [, facts, remove] = /** @type {[Element, HTMLElement, HTMLButtonElement]} */ ([...head.children]);
  const day = new Date(take.began).toLocaleString([], {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  facts.textContent = running ? day : `${day} · ${clock(lengthOf(take))}`;
  remove.disabled = running;
  remove.ariaLabel = `Remove the take ${take.name}`;
  nothing.hidden = running || lines.children.length > 0;
}
