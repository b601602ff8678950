/** Why there is no sound, in words that say what to do. */

export const DEAD_SILENCE =
  "The microphone gives nothing but silence. Is it switched off, or is another one meant? Choose it under Microphone.";

export const DEVICE_GONE = "The chosen microphone is not there. The browser’s default one is used instead.";

/** @param {number} missed seconds */
export function explainAsleep(missed) {
  return `No sound came from the microphone for ${Math.round(missed)} seconds, because this tab was asleep. What was said in that time is not in the transcript.`;
}

/** @param {string} other the name of the microphone that is used instead */
export function explainUnplugged(other) {
  return `The microphone was unplugged. Listening goes on with ${other || "another one"}.`;
}

/**
 * @param {string} name of the DOMException that getUserMedia threw
 * @returns {string}
 */
export function explainMicrophone(name) {
  switch (name) {
    case "NotAllowedError":
      return "The browser was not allowed to use the microphone. Click the icon beside the address, allow the microphone for this page, and start again. If it is allowed there, look in the system’s privacy settings.";
    case "NotFoundError":
      return "No microphone was found. Plug one in, or try the sample or a file instead.";
    case "NotReadableError":
      return "The microphone could not be opened. Another program may be using it: close that one, or choose another device.";
    default:
      return `The microphone could not be opened (${name}).`;
  }
}

export const SHARED_NO_MORE =
  "The tab, or the system’s sound, is shared no more: its channel is silent from here on. The microphone is still heard.";

/**
 * @param {string} name of the DOMException that sharing a tab's sound threw
 * @returns {string}
 */
export function explainDisplay(name) {
  switch (name) {
    case "NotAllowedError":
      return "Nothing was shared, so nothing is heard. Start again and choose a tab or a screen, or choose the microphone alone under Microphone.";
    case "NoSoundError":
      return "That was shared without its sound. Start again, and tick “Also share tab audio” (or the system’s) in the browser’s dialog; where there is no such box, this browser or system cannot share that sound.";
    default:
      return `The browser cannot share the sound of a tab or the system here (${name}).`;
  }
}

/**
 * A browser gives the microphone only to pages that nobody on the way can have changed.
 * @param {URL | Location} address where the page was opened
 * @returns {string}
 */
export function explainInsecure({ hostname, host, port }) {
  const local = `http://localhost${port && `:${port}`}`;
  const forward = `ssh -L ${port || 80}:localhost:${port || 80} ${hostname}`;
  return `Browsers give the microphone only to pages opened over https or from localhost, and this one came from http://${host}. Run “${forward}” and open ${local}, or put the server behind https. The sample and files work here as they are.`;
}
