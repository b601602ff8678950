/**
 * Single keys, while no field has the focus. They can be switched off, as speech input users need.
 *
 * @param {Record<string, () => void>} actions by KeyboardEvent.key
 * @param {() => boolean} enabled Escape works always
 */
export function setUpShortcuts(actions, enabled) {
  addEventListener("keydown", (event) => {
    const action = actions[event.key.toLowerCase()];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const { target } = event;
    const escape = event.key === "Escape";
    if (!escape && !enabled()) return;
    if (target instanceof Element && target.closest(".take :is(input, textarea)")) return; // its own keys
    if (!escape && target instanceof Element && target.closest("input, select, textarea, dialog")) return;
    // Space on a button or fold presses that.
    if (event.key === " " && target instanceof Element && target.closest("button, summary, a")) return;
    if (!escape) event.preventDefault();
    action();
  });
}
