/**
 * The takes, their lines, how they are shown, and what of them stays on this device.
 *
 * @import { Line } from "../transcript/transcript.js"
 * @import { KnownTake } from "../takes/takes.js"
 * @import { KeptTake } from "../takes/store.js"
 * @import { Choices } from "./settings.js"
 *
 * @typedef {object} LibraryListener
 * @property {(line: Line) => void} play
 * @property {() => void} changed takes or lines
 * @property {(text: string) => void} trouble with keeping takes, in the user's words
 */
import { Tape } from "../audio/tape.js";
import { Keeper, shifted } from "../takes/keeper.js";
import { Store } from "../takes/store.js";
import { Takes } from "../takes/takes.js";
import { Transcript } from "../transcript/transcript.js";
import { TranscriptView } from "../transcript/view.js";
import { floor } from "./bar.js";
import { byId } from "./elements.js";
import { save } from "./settings.js";

const FULL =
  "This device has no more room for takes: the newest stay in this tab until you close it. Remove old takes, or download them.";
const REFUSED = "The browser could not keep this take on the device: it stays in this tab until you close it.";

export class Library {
  takes = new Takes();
  #choices;
  #listener;
  /** @type {KnownTake | null} */
  #running = null;
  #keeper;

  /**
   * @param {Choices} choices
   * @param {LibraryListener} listener
   */
  constructor(choices, listener) {
    this.#choices = choices;
    this.#listener = listener;
    this.#keeper = this.#keeperOf(null);
    this.view = new TranscriptView(
      byId("lines"),
      byId("newest"),
      byId("announcer"),
      {
        play: (line) => listener.play(line),
        edit: (line, text) => this.transcript.edit(line, text),
        rename: (take, name) => this.#change(take, { name }),
        nameVoice: (take, voice, name) => {
          this.#change(take, { names: { ...take.names, [voice]: name } });
          this.view.refresh(take.id);
        },
        remove: (take) => {
          if (confirm(`Remove “${take.name}” and its sound? They cannot be brought back.`)) this.#remove(take);
        },
      },
      floor,
    );
    this.transcript = new Transcript(
      (line) => {
        this.view.show(line, this.transcript.lines[this.transcript.lines.indexOf(line) + 1]);
        this.#lineChanged(line);
      },
      (line) => {
        this.view.remove(line);
        this.#lineChanged(line);
      },
    );
    const toggle = byId("keep");
    toggle.addEventListener("click", () => void this.#keep(!choices.keep));
    this.#showKeeping();
    addEventListener("pagehide", () => void this.#keeper.write());
  }

  /** Bring back the takes of earlier visits; to be awaited before the first take begins. */
  async restore() {
    if (!this.#choices.keep) return;
    const store = await Store.open();
    this.#keeper = this.#keeperOf(store);
    if (!store) return;
    for (const kept of await store.takes()) {
      const tape = kept.rate ? Tape.of(kept.rate, kept.channels, await store.sound(kept.key)) : null;
      this.#bringBack(kept, tape);
    }
  }

  /** @param {KnownTake} take that begins */
  begin(take) {
    this.#running = take;
    this.view.showTake(take, true);
    this.view.follow();
    this.#listener.changed();
  }

  /** The running take is over. */
  end() {
    const take = this.#running;
    if (!take) return;
    this.transcript.close(take.id);
    this.#running = null;
    this.view.showTake(take, false);
    this.#keeper.change(take, true);
    this.#listener.changed();
  }

  clear() {
    for (const take of this.takes.all) this.#remove(take);
  }

  /**
   * @param {KeptTake} kept
   * @param {Tape | null} tape
   */
  #bringBack(kept, tape) {
    const { lines, key, seconds, rate: _, ...facts } = kept;
    const take = this.takes.add(facts, tape, seconds, key);
    this.#keeper.known(take);
    this.view.showTake(take, false);
    for (const line of lines) this.transcript.restore({ ...shifted(line, take.offset), take: take.id });
    this.view.showTake(take, false);
  }

  /**
   * @param {KnownTake} take
   * @param {Partial<KnownTake>} changes
   */
  #change(take, changes) {
    Object.assign(take, changes);
    this.view.showTake(take, take === this.#running);
    this.#keeper.change(take, false);
    this.#listener.changed();
  }

  /** @param {KnownTake} take */
  #remove(take) {
    this.transcript.removeTake(take.id);
    this.takes.remove(take);
    this.view.removeTake(take);
    this.#keeper.remove(take);
    this.#listener.changed();
  }

  /** @param {Line} line */
  #lineChanged(line) {
    const take = this.takes.get(line.take);
    if (take && line.state !== "open" && line.state !== "orphaned") this.#keeper.change(take, false);
    this.#listener.changed();
  }

  /** @param {boolean} keep */
  async #keep(keep) {
    this.#choices.keep = keep;
    save(this.#choices);
    this.#showKeeping();
    if (!keep) {
      await this.#keeper.wipe();
      this.#keeper = this.#keeperOf(null);
      return;
    }
    this.#keeper = this.#keeperOf(await Store.open());
    for (const take of this.takes.all) this.#keeper.change(take, take !== this.#running);
  }

  #showKeeping() {
    const { keep } = this.#choices;
    byId("kept").textContent = keep
      ? "Takes stay in this browser, on this device, until you remove them."
      : "What you say stays in this tab until you close it.";
    byId("keep").textContent = keep ? "Wipe them, and keep none" : "Keep takes on this device";
  }

  /** @param {Store | null} store */
  #keeperOf(store) {
    return new Keeper(
      store,
      (take) => this.transcript.of(take.id).filter(({ state }) => state !== "open" && state !== "orphaned"),
      (full) => this.#listener.trouble(full ? FULL : REFUSED),
    );
  }
}
