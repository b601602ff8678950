"""How many words were heard wrongly."""

import re


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def word_errors(said: str, heard: str) -> float:
    """Substituted, lost and added words, over the words said."""
    wanted, got = words(said), words(heard)
    costs = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, costs[0] = costs[0], i
        for j, other in enumerate(got, 1):
            step = min(diagonal + (word != other), costs[j] + 1, costs[j - 1] + 1)
            diagonal, costs[j] = costs[j], step
    return costs[-1] / len(wanted)
