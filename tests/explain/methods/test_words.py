"""Words are what a reader takes for words, and every piece of every family of tokenizers lands on its own."""

import numpy as np
import pytest
import regex
import torch
import transformers

from explain.methods.words import merge_pieces, split_words, words_of_pieces
from model.network.encoders.report import Tokens

LEARNT = [
    "Small left pleural effusion, no pneumothorax.",
    "The heart is enlarged: 1.5 cm follow-up nodule, T12 compression.",
    "No change since 2019. 左肺无积液。",
] * 4
REPORTS = [
    "Small left pleural effusion, no pneumothorax.",
    "  Leading blanks,  two  between\nand a new line. ",
    "A follow-up of the 1.5-cm nodule (T12): 3 mm larger than in 2019.",
    "左侧胸腔积液。No pneumothorax 无 change.",
    "Heart normal.No effusion \U0001f642 seen, patient's film",
    "naïve Ödem – fluid→left",
]
FAMILIES = (
    "Albert Barthez Bert BigBird CLIP Camembert ConvBert Deberta DebertaV2 DistilBert Electra FNet Funnel GPT2 Gemma "
    "LayoutLM Llama Longformer MBart MPNet Nllb RemBert Roberta SqueezeBert T5 XLMRoberta XLNet"
)


@pytest.fixture(scope="module", params=FAMILIES.split())
def tokenizer(request):
    """The family's own class, trained on a few sentences."""
    made = getattr(transformers, f"{request.param}Tokenizer")()
    return made.train_new_from_iterator(LEARNT, vocab_size=300)


@pytest.mark.parametrize("report", REPORTS)
def test_a_piece_belongs_to_the_word_that_it_is_written_in(tokenizer, report):
    found = tokenizer([report], return_offsets_mapping=True, return_special_tokens_mask=True)
    offsets, special = np.array(found["offset_mapping"][0]), np.array(found["special_tokens_mask"][0], bool)
    special |= offsets[:, 0] == offsets[:, 1]
    offsets[special] = 0
    ids = torch.zeros(1, len(offsets), dtype=torch.long)
    tokens = Tokens(ids, torch.ones_like(ids), torch.from_numpy(special)[None], torch.from_numpy(offsets)[None])
    words = split_words(report, len(report))
    at = [next((i for i, w in enumerate(words) if w.start <= c < w.end), None) for c in range(len(report))]
    owners = words_of_pieces(tokens, words)
    for (start, end), owner, none in zip(offsets, owners, special, strict=True):
        if none:
            assert owner == -1
            continue
        written = [at[c] for c in range(start, end) if at[c] is not None]
        # A blank is the beginning of the next word; behind the last there is none.
        following = [i for i, w in enumerate(words) if w.start >= start] or [len(words) - 1]
        assert owner == (written or following)[0], report[start:end]
    scores = np.arange(1.0, len(offsets) + 1)[None]
    assert merge_pieces(scores, tokens, words).sum() == scores[0, ~special].sum()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("normal.No effusion", ["normal", ".", "No", "effusion"]),
        ("lungs.Heart 1.5 cm, v2.0.", ["lungs", ".", "Heart", "1.5", "cm", ",", "v2.0", "."]),
        ("follow-up of the patient's T12", ["follow-up", "of", "the", "patient's", "T12"]),
        ("हृदय बढ़ा हुआ है", ["हृदय", "बढ़ा", "हुआ", "है"]),
        ("e\u0301tat", ["e\u0301tat"]),
        ("ok \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd\u2764\ufe0f", None),
        ("\U0001f1e9\U0001f1ea", ["\U0001f1e9\U0001f1ea"]),
        ("Follow up.No change in T12.Ödem", ["Follow", "up", ".", "No", "change", "in", "T12", ".", "Ödem"]),
        ("左肺。", ["左", "肺", "。"]),
    ],
)
def test_words_are_those_of_a_reader(report, expected):
    expected = expected or ["ok", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\u2764\ufe0f"]
    found = split_words(report, len(report))
    assert [w.text for w in found] == expected
    assert all(report[w.start : w.end] == w.text for w in found)


SIGNS = [
    "क्षि",  # Hindi: two consonants, a virama and a vowel sign
    "ที่",  # Thai: two marks on a letter
    "நி",
    "কি",
    "\u1100\u1161\u11a8",  # Hangul in its parts
    "e\u0301\u0323",
    "عَ",
    "葛\U000e0100",  # a variant of a character
    "\U00011083\U000110b0",
    "1\ufe0f\u20e3",  # a keycap
    "\u2764\ufe0f",
    "\U0001f44d\U0001f3fd",  # a skin tone
    "\U0001f469\U0001f3fd\u200d\u2695\ufe0f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f1e9\U0001f1ea",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England's flag
]


def test_no_word_ends_within_a_sign():
    """Signs as the package regex finds them, alone and beside one another, letters, stops and digits."""
    rng = np.random.default_rng(0)
    pieces = [*SIGNS, "lungs", ".", "No", " ", "-", "左", "2.5", "’s"]
    for text in [*SIGNS, *("".join(rng.choice(pieces, 6)) for _ in range(300))]:
        ends = {m.end() for m in regex.finditer(r"\X", text)} | {0}
        words = split_words(text, len(text))
        assert all({w.start, w.end} <= ends for w in words), ascii(text)
        assert "".join(w.text for w in words) == "".join(text.split())
    assert all(len(split_words(sign, len(sign))) == 1 for sign in SIGNS)
