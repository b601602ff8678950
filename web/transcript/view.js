/**
 * The takes and their lines on the screen.
 *
 * @import { Line } from "./transcript.js"
 * @import { KnownTake } from "../takes/takes.js"
 *
 * @typedef {object} ViewActions what the user does to what is shown
 * @property {(line: Line) => void} play
 * @property {(line: Line, text: string) => void} edit
 * @property {(take: KnownTake, name: string) => void} rename
 * @property {(take: KnownTake, voice: string, name: string) => void} nameVoice
 * @property {(take: KnownTake) => void} remove
 */
import { nameOf, voiceOf } from "../takes/takes.js";
import { Highlights } from "./highlights.js";
import { editInPlace, fillLine, makeLine } from "./line.js";
import { fillTake, makeTake } from "./take-section.js";

export class TranscriptView {
  #root;
  #newest;
  #announcer;
  #actions;
  #floor;
  #highlights = new Highlights();
  #query = "";
  #current = -1;
  /** @type {Map<string, Line>} */
  #lines = new Map();
  /** @type {Map<number, KnownTake>} */
  #takes = new Map();
  /** @type {number | null} the running take, whose lines are told as they come */
  #live = null;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} newest button that leads to the end
   * @param {HTMLElement} announcer live region: finals only, so that nobody hears partials change
   * @param {ViewActions} actions
   * @param {() => number} floor down to where the window shows lines, in pixels
   */
  constructor(root, newest, announcer, actions, floor) {
    this.#root = root;
    this.#newest = newest;
    this.#announcer = announcer;
    this.#actions = actions;
    this.#floor = floor;
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("keydown", (event) => this.#moved(event));
    newest.addEventListener("click", () => this.follow());
    addEventListener("scroll", () => {
      if (this.#newestInSight()) newest.hidden = true;
    });
  }

  /**
   * @param {KnownTake} take new or changed
   * @param {boolean} running
   */
  showTake(take, running) {
    this.#takes.set(take.id, take);
    if (running) this.#live = take.id;
    else if (this.#live === take.id) this.#live = null;
    let section = document.getElementById(`take-${take.id}`);
    if (!section) {
      const { rename, remove } = this.#actions;
      section = makeTake(
        take,
        (name) => rename(take, name),
        () => remove(take),
      );
      this.#root.append(section);
    }
    fillTake(section, take, running);
  }

  /** @param {KnownTake} take whose lines are gone already */
  removeTake(take) {
    document.getElementById(`take-${take.id}`)?.remove();
    this.#takes.delete(take.id);
  }

  /**
   * @param {Line} line new or changed
   * @param {Line | undefined} next the line after it
   */
  show(line, next) {
    const following = this.#newestInSight();
    let item = document.getElementById(line.id);
    if (!item) {
      item = makeLine(line);
      // One of them is reached by Tab, the others from there by the arrow keys.
      item.querySelectorAll("button").forEach((button) => (button.tabIndex = -1));
      const before = next?.take === line.take ? document.getElementById(next.id) : null;
      document.querySelector(`#take-${line.take} ol`)?.insertBefore(item, before);
    }
    this.#lines.set(line.id, line);
    this.#fill(item, line);
    this.#keepTabStop();
    if (line.state === "final" && line.take === this.#live && !line.edited) this.#announcer.textContent = line.text;
    if (following) this.follow();
    else this.#newest.hidden = false;
  }

  /** @param {Line} line */
  remove(line) {
    this.#highlights.doubt(line, null);
    document.getElementById(line.id)?.remove();
    this.#lines.delete(line.id);
    this.#keepTabStop();
  }

  /** @param {number} take whose lines are to be drawn anew */
  refresh(take) {
    for (const line of this.#lines.values()) {
      const item = line.take === take && document.getElementById(line.id);
      if (item) this.#fill(item, line);
    }
  }

  /**
   * @param {Line | null} line that is heard now
   * @param {number} [word] of it that is said; -1 for none
   */
  markPlaying(line, word = -1) {
    const item = line && document.getElementById(line.id);
    const before = this.#root.querySelector(".playing");
    if (before !== item) before?.classList.remove("playing");
    item?.classList.add("playing");
    this.#highlights.light(line, item?.querySelector(".text") ?? null, word);
  }

  /**
   * @param {string} query
   */
  search(query) {
    this.#query = query;
    this.#takes.forEach(({ id }) => this.refresh(id));
    this.#current = -1;
  }

  /** What the search came to, in words. */
  get found() {
    const count = this.#root.querySelectorAll("mark").length;
    if (!this.#query.trim()) return "";
    if (this.#current >= 0) return `${this.#current + 1} of ${count}`;
    return count ? `${count} found` : "none found";
  }

  /**
   * @param {number} step 1: the next place found, -1: the one before
   */
  goToMatch(step) {
    const marks = this.#root.querySelectorAll("mark");
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
    this.#lastItem?.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {HTMLElement} item
   * @param {Line} line
   */
  #fill(item, line) {
    const take = this.#takes.get(line.take);
    if (!take) return;
    fillLine(item, line, take, this.#query);
    this.#highlights.doubt(line, item.querySelector(".text"));
  }

  /** @param {MouseEvent} event */
  #clicked({ target }) {
    const item = target instanceof Element && target.closest("li");
    const line = item && this.#lines.get(item.id);
    const take = line && this.#takes.get(line.take);
    if (!take || document.body.classList.contains("captions")) return;
    const button = target.closest("button, input, textarea");
    if (button?.matches(".voice")) this.#renameVoice(/** @type {HTMLElement} */ (button), line, take);
    else if (button?.matches(".edit")) this.#edit(item, line);
    else if (button ? button.matches(".time") : getSelection()?.isCollapsed) this.#actions.play(line);
  }

  /**
   * @param {Element} item
   * @param {Line} line
   */
  #edit(item, line) {
    const text = item.querySelector(".text");
    if (!(text instanceof HTMLElement)) return;
    const field = document.createElement("textarea");
    field.value = line.text;
    field.rows = Math.ceil(line.text.length / 60);
    field.ariaLabel = "Text of the line";
    editInPlace(text, field, (value) => this.#actions.edit(line, value));
  }

  /**
   * @param {HTMLElement} chip
   * @param {Line} line
   * @param {KnownTake} take
   */
  #renameVoice(chip, line, take) {
    const voice = voiceOf(line);
    const field = document.createElement("input");
    field.value = nameOf(voice, take.names);
    field.ariaLabel = "Name of the speaker";
    field.size = 12;
    editInPlace(chip, field, (name) => this.#actions.nameVoice(take, voice, name));
  }

  /** @param {KeyboardEvent} event */
  #moved(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const times = [...this.#root.querySelectorAll("button.time")];
    const here = times.indexOf(/** @type {Element} */ (document.activeElement));
    const other = times[here + (step ?? 0)];
    if (!step || here < 0 || !(other instanceof HTMLElement)) return;
    event.preventDefault();
    this.#keepTabStop(other);
    other.focus();
  }

  /** @param {HTMLElement} [chosen] */
  #keepTabStop(chosen) {
    if (!chosen && this.#root.querySelector("li [tabindex='0']")) return;
    this.#root.querySelectorAll("li > button").forEach((button) => button.setAttribute("tabindex", "-1"));
    const item = (chosen ?? this.#root.querySelector("li .time"))?.closest("li");
    item?.querySelectorAll(":scope > button").forEach((button) => button.setAttribute("tabindex", "0"));
  }

  get #lastItem() {
    const take = this.#root.lastElementChild;
    return take?.querySelector("ol")?.lastElementChild ?? take;
  }

  #newestInSight() {
    const last = this.#lastItem;
    return !last || last.getBoundingClientRect().bottom <= this.#floor();
  }
}
