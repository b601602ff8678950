/** Large words on the whole screen, for a projector. */
import { byId } from "./elements.js";

export function setUpCaptions() {
  const button = byId("captions");
  const leave = byId("captions-leave");
  const record = byId("record");
  /** @type {Element | null} what had the focus before */
  let before = null;
  /** @param {boolean} on */
  const show = (on) => {
    if (on === !leave.hidden) return;
    if (on) before = document.activeElement;
    document.body.classList.toggle("captions", on);
    leave.hidden = !on;
    button.ariaPressed = String(on);
    // The key that starts and stops, Space, does so right away in either mode.
    if (on || !(before instanceof HTMLElement) || before === document.body) record.focus();
    else before.focus();
    // Where full screen is refused, the captions still fill the window.
    if (on) void document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) void document.exitFullscreen();
  };
  button.addEventListener("click", () => show(true));
  leave.addEventListener("click", () => show(false));
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) show(false);
  });
  return { toggle: () => show(Boolean(leave.hidden)), leave: () => show(false) };
}
