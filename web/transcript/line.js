/**
 * One line on the screen: its time, who says it, its words.
 *
 * @import { Line } from "./transcript.js"
 * @import { KnownTake } from "../takes/takes.js"
 */
import { nameOf, voiceOf } from "../takes/takes.js";
import { findAll } from "./search.js";
import { clock, splitAt } from "./text.js";

/**
 * @param {Line} line
 * @returns {HTMLLIElement}
 */
export function makeLine(line) {
  const item = document.createElement("li");
  item.id = line.id;
  const time = button("time", "");
  const words = document.createElement("p");
  words.dir = "auto";
  item.append(time, words, button("edit quiet", "✎"));
  return item;
}

/**
 * @param {HTMLElement} item
 * @param {Line} line
 * @param {KnownTake} take
 * @param {string} query whose finds are marked
 */
export function fillLine(item, line, take, query) {
  item.dataset.state = line.state;
  const [time, words, edit] = /** @type {[HTMLElement, HTMLElement, HTMLElement]} */ ([...item.children]);
  const at = clock(line.start - take.offset);
  time.textContent = at;
  time.ariaLabel = `Play the line at ${at}`;
  edit.ariaLabel = `Edit the line at ${at}`;
  const open = line.state === "open" || line.state === "orphaned";
  edit.hidden = open;
  words.lang = line.language;
  words.className = open && !line.text ? "waiting" : "";
  const [stable, faint] = open ? splitAt(line.text, line.stable) : [line.text, ""];
  const text = document.createElement("span");
  text.className = "text";
  text.append(...marked(stable, query), ...part("faint", faint));
  const voice = voiceOf(line);
  const who = voice ? [button("voice", nameOf(voice, take.names))] : [];
  words.replaceChildren(...who, text);
  if (line.state === "unconfirmed")
    words.append(...part("remark", "The connection was lost before this line was confirmed."));
  if (line.edited) words.append(...part("remark", "edited"));
}

/**
 * A field in the stead of an element, until it is left or Enter is pressed. Escape leaves all as it was.
 * @param {HTMLElement} element
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {(value: string) => void} done
 */
export function editInPlace(element, field, done) {
  let over = false;
  /** @param {boolean} keep */
  const end = (keep) => {
    if (over) return;
    over = true;
    field.replaceWith(element);
    if (keep) done(field.value.trim().replace(/\s+/g, " "));
  };
  field.addEventListener("blur", () => end(true));
  field.addEventListener("keydown", (event) => {
    if (event instanceof KeyboardEvent && event.isComposing) return;
    const { key } = /** @type {KeyboardEvent} */ (event);
    if (key !== "Enter" && key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end(key === "Enter");
  });
  element.replaceWith(field);
  field.focus();
  field.select();
}

/**
 * @param {string} text
 * @param {string} query
 * @returns {(string | HTMLElement)[]}
 */
function marked(text, query) {
  let done = 0;
  /** @type {(string | HTMLElement)[]} */
  const pieces = [];
  for (const [from, to] of findAll(text, query)) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(from, to);
    pieces.push(text.slice(done, from), mark);
    done = to;
  }
  return [...pieces, text.slice(done)];
}

/**
 * @param {string} name of the class
 * @param {string} text
 * @returns {HTMLElement[]} nothing for no text
 */
function part(name, text) {
  if (!text) return [];
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return [span];
}

/**
 * @param {string} name of the class
 * @param {string} text
 */
function button(name, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = text;
  return made;
}
