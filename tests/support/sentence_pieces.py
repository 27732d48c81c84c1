"""A tokenizer in the manner of SentencePiece: a space is ▁, and what is not known is bytes."""

from __future__ import annotations

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

LETTERS = 'abcdefghijklmnopqrstuvwxyz{}":,.0123456789▁<>|/'
PAIRS = (("▁", "y"), ("▁y", "e"), ("▁ye", "s"), ("y", "e"), ("ye", "s"), ("{", '"'))


def sentence_pieces(directory: Path) -> None:
    """Puts one into a model's directory, in the place of its tokenizer."""
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *LETTERS]
    words += [one + other for one, other in PAIRS]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={word: number for number, word in enumerate(words)},
            merges=list(PAIRS),
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(
        [AddedToken(mark, special=True) for mark in ("<s>", "</s>", "<|im_end|>")]
    )
    tokenizer.save(str(directory / "tokenizer.json"))
