/** The sound of another tab or of the system, as the browser lets one share it. */

/** The user shared something, but not its sound. */
export const NO_SOUND = "NoSoundError";

/**
 * To be called right after a click: browsers ask for one.
 * @param {() => void} ended it is shared no more
 * @returns {Promise<MediaStream>} its sound alone
 * @throws {DOMException} as getDisplayMedia does, or of the name NO_SOUND
 */
export async function shareSound(ended) {
  const sound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  // Without a picture no browser shares anything; it is not looked at.
  const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: sound });
  for (const track of stream.getVideoTracks()) {
    track.stop();
    stream.removeTrack(track);
  }
  const [track] = stream.getAudioTracks();
  if (!track) throw new DOMException("shared without sound", NO_SOUND);
  track.onended = ended;
  return stream;
}
