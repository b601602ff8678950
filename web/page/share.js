/**
 * A link on which others watch along what is said here. Nobody does until it is asked for.
 */
import { copyText } from "../transcript/tools.js";
import { byId } from "./elements.js";
import { askOnce, whyRefused } from "./server.js";

const UNABLE =
  "This server gives no such links. “streamer serve --watch-hours 8” does: each holds for so long.";

export class Share {
  /** Empty while nobody watches. */
  token = "";
  #able = false;

  constructor() {
    const dialog = byId("share", HTMLDialogElement);
    byId("share-open").addEventListener("click", () => dialog.showModal());
    byId("share-begin").addEventListener("click", () => void this.#begin());
    byId("share-end").addEventListener("click", () => this.end());
    byId("share-copy").addEventListener("click", () =>
      copyText(byId("share-link", HTMLInputElement).value, dialog),
    );
    byId("share-clear").addEventListener("change", () => this.#show(this.token, 0));
  }

  /** @param {boolean} able whether the server gives links */
  allow(able) {
    this.#able = able;
    this.#show(this.token, 0);
  }

  /** From the next recording on nobody watches. */
  end() {
    this.#show("", 0);
  }

  async #begin() {
    const ready = await askOnce({ watch: true });
    if (ready?.watch) this.#show(ready.watch.token, ready.watch.expires);
    else byId("share-why").textContent = await whyRefused();
  }

  /**
   * @param {string} token
   * @param {number} expires since 1970; 0: as it was
   */
  #show(token, expires) {
    this.token = token;
    const clear = byId("share-clear", HTMLInputElement).checked ? "&clear" : "";
    byId("share-link", HTMLInputElement).value = new URL(
      `watch.html#${token}${clear}`,
      document.baseURI,
    ).href;
    byId("share-on").hidden = !token;
    byId("share-begin").hidden = Boolean(token) || !this.#able;
    if (!token) byId("share-why").textContent = this.#able ? "" : UNABLE;
    else if (expires) {
      const until = new Date(expires * 1000).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
      byId("share-why").textContent = `The link holds until ${until}. It takes effect with the next recording.`;
    }
    byId("share-open").classList.toggle("on", Boolean(token));
    byId("share-open").textContent = token ? "Others may watch along" : "Let others watch along";
  }
}
