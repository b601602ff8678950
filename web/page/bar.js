/** On a narrow screen the way to start and stop is a bar at its end, and the rest folds into that. */
import { byId } from "./elements.js";

const WIDE = matchMedia("(min-width: 60rem)");

/** @returns {number} down to where the window shows the transcript, in pixels */
export function floor() {
  return WIDE.matches ? innerHeight : byId("stage").getBoundingClientRect().top;
}

/** @returns {() => void} fold the rest away again */
export function setUpBar() {
  const stage = byId("stage");
  const button = byId("rest-open");
  /** @param {boolean} open */
  const show = (open) => {
    stage.classList.toggle("open", open);
    button.ariaExpanded = String(open);
  };
  button.addEventListener("click", () => show(button.ariaExpanded === "false"));
  const measure = () =>
    document.documentElement.style.setProperty("--bar", `${WIDE.matches ? 0 : stage.offsetHeight}px`);
  new ResizeObserver(measure).observe(stage);
  WIDE.addEventListener("change", measure);
  return () => {
    if (button.ariaExpanded === "false") return;
    if (byId("rest").contains(document.activeElement)) button.focus();
    show(false);
  };
}
