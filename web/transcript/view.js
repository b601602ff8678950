/**
 * The lines on the screen.
 *
 * @import { Line } from "./transcript.js"
 */
import { findAll } from "./search.js";
import { clock, splitAt } from "./text.js";

export class TranscriptView {
  #list;
  #newest;
  #announcer;
  #play;
  #floor;
  #query = "";
  #current = -1;
  /** @type {Map<string, Line>} */
  #lines = new Map();

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} newest button that leads to the end
   * @param {HTMLElement} announcer live region: finals only, so that nobody hears partials change
   * @param {(line: Line) => void} play
   * @param {() => number} floor down to where the window shows lines, in pixels
   */
  constructor(list, newest, announcer, play, floor) {
    this.#list = list;
    this.#newest = newest;
    this.#announcer = announcer;
    this.#play = play;
    this.#floor = floor;
    list.addEventListener("click", (event) => this.#clicked(event));
    list.addEventListener("keydown", (event) => this.#moved(event));
    newest.addEventListener("click", () => this.follow());
    addEventListener("scroll", () => {
      if (this.#newestInSight()) newest.hidden = true;
    });
  }

  /**
   * @param {Line} line new or changed
   * @param {Line | undefined} next the line after it
   */
  show(line, next) {
    const following = this.#newestInSight();
    let item = document.getElementById(line.id);
    if (!item) {
      item = document.createElement("li");
      item.id = line.id;
      this.#list.insertBefore(item, next ? document.getElementById(next.id) : null);
    }
    this.#lines.set(line.id, line);
    this.#fill(item, line);
    if (line.state === "final") this.#announcer.textContent = line.text;
    if (following) this.follow();
    else this.#newest.hidden = false;
  }

  /** @param {Line} line */
  remove(line) {
    document.getElementById(line.id)?.remove();
    this.#lines.delete(line.id);
    const first = this.#list.querySelector("button");
    if (first && !this.#list.querySelector("[tabindex='0']")) first.tabIndex = 0;
  }

  /**
   * @param {Line | null} line that is heard now
   */
  markPlaying(line) {
    this.#list.querySelector(".playing")?.classList.remove("playing");
    if (line) document.getElementById(line.id)?.classList.add("playing");
  }

  /**
   * @param {string} query
   */
  search(query) {
    this.#query = query;
    for (const line of this.#lines.values()) {
      const item = document.getElementById(line.id);
      if (item) this.#fill(item, line);
    }
    this.#current = -1;
  }

  /** What the search came to, in words. */
  get found() {
    const count = this.#list.querySelectorAll("mark").length;
    if (!this.#query.trim()) return "";
    if (this.#current >= 0) return `${this.#current + 1} of ${count}`;
    return count ? `${count} found` : "none found";
  }

  /**
   * @param {number} step 1: the next place found, -1: the one before
   */
  goToMatch(step) {
    const marks = this.#list.querySelectorAll("mark");
    marks[this.#current]?.classList.remove("here");
    if (marks.length === 0) return;
    this.#current = (Math.max(this.#current, step < 0 ? 0 : -1) + step + marks.length) % marks.length;
    const mark = marks[this.#current];
    mark?.classList.add("here");
    mark?.scrollIntoView({ block: "center" });
  }

  /** Bring the newest line into sight, and keep it there. */
  follow() {
    this.#newest.hidden = true;
    this.#list.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {HTMLElement} item
   * @param {Line} line
   */
  #fill(item, line) {
    item.dataset.state = line.state;
    let [time, words] = /** @type {[HTMLButtonElement?, HTMLParagraphElement?]} */ ([...item.children]);
    if (!time || !words) {
      time = document.createElement("button");
      time.type = "button";
      time.className = "time";
      // One of them is reached by Tab, the others from there by the arrow keys.
      time.tabIndex = this.#list.querySelector("[tabindex='0']") ? -1 : 0;
      words = document.createElement("p");
      words.dir = "auto";
      item.append(time, words);
    }
    time.textContent = clock(line.start);
    time.ariaLabel = `Play the line at ${clock(line.start)}`;
    words.lang = line.language;
    const open = line.state === "open" || line.state === "orphaned";
    words.className = open && !line.text ? "waiting" : "";
    const [stable, faint] = open ? splitAt(line.text, line.stable) : [line.text, ""];
    words.replaceChildren(...this.#channel(line), ...this.#marked(stable), ...part("faint", faint));
    if (line.state === "unconfirmed")
      words.append(...part("remark", "The connection was lost before this line was confirmed."));
  }

  /** @param {Line} line */
  #channel({ channel, stereo }) {
    return stereo ? part("channel", channel === 0 ? "Left" : "Right") : [];
  }

  /**
   * @param {string} text
   * @returns {(string | HTMLElement)[]}
   */
  #marked(text) {
    let done = 0;
    /** @type {(string | HTMLElement)[]} */
    const pieces = [];
    for (const [from, to] of findAll(text, this.#query)) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(from, to);
      pieces.push(text.slice(done, from), mark);
      done = to;
    }
    return [...pieces, text.slice(done)];
  }

  /** @param {MouseEvent} event */
  #clicked({ target }) {
    const item = target instanceof Element && target.closest("li");
    const line = item && this.#lines.get(item.id);
    const selecting = getSelection()?.isCollapsed === false;
    if (line && !selecting && !document.body.classList.contains("captions")) this.#play(line);
  }

  /** @param {KeyboardEvent} event */
  #moved(event) {
    const item = document.activeElement?.closest("#lines li");
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!item || !step) return;
    const other = item[/** @type {"nextElementSibling"} */ (step)]?.querySelector("button");
    if (!other) return;
    event.preventDefault();
    for (const button of this.#list.querySelectorAll("button")) button.tabIndex = -1;
    other.tabIndex = 0;
    other.focus();
  }

  #newestInSight() {
    const last = this.#list.lastElementChild;
    return !last || last.getBoundingClientRect().bottom <= this.#floor();
  }
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
