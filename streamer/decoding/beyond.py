"""Words that were heard where nothing was said: in the silence that goes behind a clip.

A model that is cut off in the middle of a sentence may go on with it, as it knows it from somewhere
or as it makes it up. It then looks at the silence. On 50 minutes of human speech every word whose
first token is heard behind the clip's end was wrong, and so was every one in its last 150 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.word_times import TokenWord, token_middles


def length_within(
    words: Sequence[TokenWord], attention: NDArray[np.float32], last_frame: float
) -> int | None:
    """Say how many tokens stand before the first word behind the clip; None where there is none.

    `attention` (n, S) is of the tokens, and may go on with the end token; behind `last_frame`, with
    its fractions, the middle of no word's first token can be. The first word always stays: the
    shortest clips have it at their very end.
    """
    middles = token_middles(attention)
    behind = (word.first for word in words[1:] if middles[word.first] > last_frame)
    return next(behind, None)
