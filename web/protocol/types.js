/**
 * The messages of the native protocol, version 1, as this page uses them. Types only.
 *
 * All times are seconds of audio. In messages they count from the session's first sample; in
 * events, which the rest of the page sees, from the first sample of the take.
 *
 * @typedef {object} Settings what a session is opened with, beside the audio format
 * @property {string} [language]
 * @property {boolean} [punctuation]
 * @property {boolean} [partials]
 * @property {number} [partial_interval_ms]
 * @property {number} [endpoint_silence_ms]
 * @property {string} [turn]
 * @property {number} [turn_hold_ms]
 * @property {number} [max_utterance_s]
 * @property {string} [vad]
 * @property {number} [vad_threshold]
 * @property {number} [vad_aggressiveness]
 * @property {boolean} [words]
 * @property {boolean | string} [watch] ask for a link to watch along, or go on with the one of a token
 *
 * @typedef {object} Ready
 * @property {"ready"} type
 * @property {string} session
 * @property {string} model
 * @property {string[]} languages
 * @property {boolean} [demonstration]
 * @property {string} [advice] of a demonstration: how the server gets a real model
 * @property {boolean} [watchable] whether the server gives links to watch along
 * @property {{token: string, expires: number}} [watch] the one that was asked for; until seconds since 1970
 * @property {boolean} [word_timings] whether `words` may be asked for
 * @property {Settings} [settings] in force
 * @property {number} [seq] of a resumed session: the last that we said we have
 * @property {boolean} [resumed]
 * @property {number} [audio_received] seconds of a resumed session that the server has
 *
 * @typedef {object} SpeechStarted
 * @property {"speech_started"} type
 * @property {number} channel
 * @property {number} utterance
 * @property {number} at
 *
 * @typedef {object} Partial
 * @property {"partial"} type
 * @property {number} channel
 * @property {number} utterance
 * @property {string} text
 * @property {number} stable length of the part that will not change, in code points
 * @property {number} start
 * @property {number} end
 *
 * @typedef {object} TurnPaused
 * @property {"turn_paused"} type
 * @property {number} channel
 * @property {number} utterance
 * @property {number} at
 * @property {number} probability that the speaker has finished
 * @property {string} text
 *
 * @typedef {object} TurnResumed
 * @property {"turn_resumed"} type
 * @property {number} channel
 * @property {number} utterance
 * @property {number} at
 *
 * @typedef {object} SpeechEnded
 * @property {"speech_ended"} type
 * @property {number} channel
 * @property {number} utterance
 * @property {number} at
 * @property {string} reason
 *
 * @typedef {{text: string, start: number, end: number, confidence: number | null}} Word
 *
 * @typedef {object} Final
 * @property {"final"} type
 * @property {number} channel
 * @property {number} utterance
 * @property {string} text
 * @property {number} start
 * @property {number} end
 * @property {string} reason
 * @property {string} language
 * @property {number | null} confidence
 * @property {Word[]} [words]
 * @property {string} [speaker]
 *
 * @typedef {{type: "acknowledged", audio: number}} Acknowledged
 * @typedef {{type: "warning", code: string, message: string}} Warning
 * @typedef {{type: "error", code: string, message: string, fatal?: boolean}} Failure
 * @typedef {{type: "done", audio: number, utterances: number}} Done
 * @typedef {{type: "flushed", id: string}} Flushed
 *
 * @typedef {SpeechStarted | Partial | TurnPaused | TurnResumed | SpeechEnded | Final} UtteranceMessage
 * @typedef {(UtteranceMessage | Ready | Acknowledged | Warning | Failure | Done | Flushed) & {seq?: number}} ServerMessage
 *
 * @typedef {UtteranceMessage & {key: string}} UtteranceEvent `key` tells utterances apart in a take
 */
export {};
