"""The embedded model's vocabulary: the real model's control tokens, bytes, and a few BPE pieces.

Small on purpose: whole-word pieces were seen not to converge in hours of audio, 70 to 200 short
pieces do. The auxiliary CTC head spells with the same pieces, in plain words: single characters
were tried, and at 40 ms a frame quick speech has more of them than frames.
"""

from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from streamer.families.cohere.tokenizer import Tokenizer
from streamer.families.pieces import WORD_START
from tests.models.training.text.corpus import plain_words
from tests.models.training.text.words import split

CONTROL_TOKENS = split("""
<unk> <|nospeech|> <pad> <|endoftext|> <|startoftranscript|> <|pnc|> <|nopnc|> <|startofcontext|>
<|itn|> <|noitn|> <|timestamp|> <|notimestamp|> <|diarize|> <|nodiarize|> <|spkchange|>
<|audioseparator|> <|emo:undefined|> <|en|>
""")
"""In the order of the real model's first ids (its tokens.txt), languages reduced to one."""

LANGUAGE = "en"
PIECES = 150
PAD = CONTROL_TOKENS.index("<pad>")
END = CONTROL_TOKENS.index("<|endoftext|>")

FIRST_PIECE = len(CONTROL_TOKENS) + 256
"""The id of the first learned piece. The CTC head knows these alone, its blank being label 0."""

_MODEL = "pieces.model"
_TOKENS = "tokens.txt"


class Vocabulary:
    """Text to ids and to CTC labels. ``tokens.txt`` of ``folder`` is what the server reads."""

    def __init__(self, folder: Path) -> None:
        self.tokens_file = folder / _TOKENS
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / _MODEL))
        lines = self.tokens_file.read_text(encoding="utf-8").splitlines()
        self._ids = {line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in lines}
        self.tokenizer = Tokenizer.from_file(self.tokens_file)
        self.size = len(self._ids)

    def prompt(self, punctuation: bool) -> list[int]:
        """What the decoder starts from."""
        return self.tokenizer.prompt(LANGUAGE, punctuation)

    @property
    def ctc_size(self) -> int:
        """Labels of the CTC head: the blank and every learned piece."""
        return self.size - FIRST_PIECE + 1

    def ctc_labels(self, plain: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Labels of plain words, 1 up, and the range of characters that each stands for."""
        ids, pieces = self.encode(plain)
        return [i - FIRST_PIECE + 1 for i in ids], spans(pieces, plain)

    def ctc_text(self, labels: Iterable[int]) -> str:
        """Labels, blanks removed and repeats merged already, to text."""
        return self.tokenizer.decode([label + FIRST_PIECE - 1 for label in labels])

    def encode(self, text: str) -> tuple[list[int], list[str]]:
        """Ids of a text, and the piece of text that each stands for (``▁`` for a space)."""
        pieces: list[str] = self._pieces.encode(text, out_type=str) if text else []
        ids: list[int] = []
        kept: list[str] = []
        for piece in pieces:
            if piece in self._ids:
                ids.append(self._ids[piece])
                kept.append(piece)
            else:  # a character that the pieces lack: its bytes
                raw = piece.replace(WORD_START, " ").encode()
                ids += [self._ids[f"<0x{b:02X}>"] for b in raw]
                kept += [piece] + [""] * (len(raw) - 1)
        return ids, kept


def spans(pieces: list[str], plain: str) -> list[tuple[int, int]]:
    """For each piece of a text's encoding, the range of characters of ``plain`` that it covers.

    ``plain`` is the text's plain words. A piece of punctuation covers none (start = end).
    """
    at = 0
    out: list[tuple[int, int]] = []
    for piece in pieces:
        start = at
        for character in piece.lower().replace(WORD_START, " ").replace("-", " "):
            if at < len(plain) and plain[at] == character:
                at += 1
        out.append((start, at))
    return out


def covering(span: tuple[int, int], parts: list[tuple[int, int]]) -> tuple[int, int]:
    """The range of ``parts`` (consecutive spans) that touch a span; empty for an empty span."""
    start, end = span
    touched = [i for i, (a, b) in enumerate(parts) if a < end and b > start]
    return (touched[0], touched[-1] + 1) if touched and end > start else (0, 0)


def build(folder: Path, sentences: list[str]) -> Vocabulary:
    """Trains the pieces on sentences, as written and as plain words, and writes ``tokens.txt``."""
    folder.mkdir(parents=True, exist_ok=True)
    both = [form for s in sentences for form in (s, s, plain_words(s))]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(both),
        model_prefix=str(folder / _MODEL.removesuffix(".model")),
        model_type="bpe",
        vocab_size=PIECES,
        character_coverage=1.0,
        split_digits=True,
        max_sentencepiece_length=4,
        bos_id=-1,
        eos_id=-1,
        normalization_rule_name="identity",
        minloglevel=1,
    )
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / _MODEL))
    learned = [model.id_to_piece(i) for i in range(1, model.get_piece_size())]
    if WORD_START not in learned:
        learned.append(WORD_START)
    table = [*CONTROL_TOKENS] + [f"<0x{b:02X}>" for b in range(256)] + learned
    lines = "".join(f"{piece} {i}\n" for i, piece in enumerate(table))
    (folder / _TOKENS).write_text(lines, encoding="utf-8")
    return Vocabulary(folder)
