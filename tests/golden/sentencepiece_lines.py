"""Goldens of SentencePiece, by its Python package: ids and decoded texts under two models.

    python tests/golden/sentencepiece_lines.py [--models ../shared/data/tokenizers]

`mistral-v1` is BPE with bytes, `sp-unigram-en-1k` Unigram with the character map nfkc; neither is part of the project.
sentencepiece_lines.json names them in `models`, in the order of every list of two below:

* `lines`: 200 lines. `ids` are a list for each model; `decoded` is what the ids give, where that is not `text` itself.
  The one line without `text` is the texts before it, joined by spaces, again and again, and cut after `characters` of them.
* `bytes`: texts in hexadecimal that are not UTF-8; each byte that belongs to no character reads as U+FFFD.
"""

import argparse
import json
import unicodedata
from pathlib import Path

from sentencepiece import SentencePieceProcessor

HERE = Path(__file__).parent

MODELS = ["mistral-v1", "sp-unigram-en-1k"]
LONG = 10_000

ENGLISH = [
    "a", "Z", "7", "the", "hello", "Hello", "HELLO", "hello world", "Hello, world!", "I am.", "It's", "don't", "rock'n'roll",
    "Once upon a time, there was a little girl.", "She wanted to play, but it was too late.", "He said nothing and went home.",
    "The user likes Alien (1979), Toy Story (1995) and The Godfather.", "A red glass lantern, set of 6, was bought at 9:41 pm.",
    "Would a woman of about 30 from London click on \"White hanging heart T-light holder\"?", "price between 2.50 and 2.99",
    "3.14159", "1,000,000", "$9.99", "12345678901234567890", "2011-12-09 12:50", "C++20", "f(x) = x^2 + 3*x - 1", "a/b\\c",
    "user@example.com", "http://example.com/?q=1&r=%20#top", "snake_case and CamelCase", "iPhone McDonald eBay",
    "electroencephalographically", "antidisestablishmentarianism", "qwrtpsdfghjkl", "x" * 70, "ab" * 40, "la la la la la la",
    "...", "?!?!", "-- --", "(((", "'''", "\"quoted\" 'twice'", "{\"key\": [1, 2, null]}", "<b>bold</b>", "~`@#%^&*",
    "“Curly” — he said…", "½ cup, 5 µg, 20 °C, № 5", "to be or not to be",
]  # fmt: skip

JAPANESE = [
    "日本語", "こんにちは", "さようなら、世界。", "カタカナ", "ひらがなとカタカナと漢字", "吾輩は猫である。名前はまだ無い。",
    "東京タワーへ行きました。", "「はい」と彼は言った。", "今日は天気がいいですね!", "映画『七人の侍』(1954年)", "価格は1,980円です",
    "が", "か\u3099", "パ", "ハ\u309a", "ラーメン", "寿司🍣を食べる", "JavaとC++の違い", "々〆ヶ", "ー・、。", "北海道、沖縄", "㍿㌔㍻",
]  # fmt: skip

SCRIPTS = [
    "你好，世界", "人工智能推荐系统", "繁體中文", "한국어", "안녕하세요", "\u1112\u1161\u11ab\u1100\u1173\u11af", "Привет, мир!",
    "Война и мир", "Καλημέρα κόσμε", "ΟΔΥΣΣΕΥΣ", "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "வணக்கம்",
    "გამარჯობა", "բարեւ", "ᓀᐦᐃᔭᐍᐏᐣ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𐍈𐌰𐌹𐍂𐌸", "Ünïcödé mïxed with ελληνικά и кириллица", "ﬁne ﬂow ﬀ", "①②③ ⅷ ㎏ ™",
]  # fmt: skip

EMOJI = [
    "😀", "😀😀😀", "I ❤ you", "I ❤\ufe0f you", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇯🇵🇫🇷", "1️⃣2️⃣", "🤦🏼‍♂️", "ok👌ok", "🎬 Alien (1979) 🎬",
    "☺", "☺\ufe0f", "♥♦♣♠", "🫠🪿", "(╯°□°)╯︵ ┻━┻", "¯\\_(ツ)_/¯", "🀄🂡", "→ ⇒ ↔",
]  # fmt: skip

ACCENTS = ["é", "Amélie", "naïve café", "Ångström", "Ærøskøbing, Łódź", "Tiếng Việt", "ḱṷṓn", "ñandú", "Ǖǘ", "ộ", "Dvořák č. 8", "Å"]

ZERO_WIDTH = [
    "zero\u200bwidth", "\u200b", "non\u200cjoiner", "join\u200der", "\ufeffmark first", "mark\ufeffwithin", "soft\u00adhyphen",
    "word\u2060joiner", "left\u200eright\u200f", "\u202eoverride\u202c", "a\u034fb", "\u200b\u200c\u200d",
]  # fmt: skip

FULL_WIDTH = [
    "ｆｕｌｌ　ｗｉｄｔｈ", "ＡＢＣ１２３", "！？（）", "￥１００", "ﾊﾝｶｸ", "ﾊﾟﾋﾟ", "～＠＃", "Ｔｏｙ　Ｓｔｏｒｙ", "ｈello", "　", "\uffe0\uffe1", "ｶﾞ",
]  # fmt: skip

SPACES = [
    "", " ", "  ", " leading", "trailing ", "two  spaces", "   three   of   them   ", "tab\tin\tit", "\t", "no\u00a0break",
    "thin\u2009space", "line\u2028paragraph\u2029", "\u0085next", "▁", "▁▁", "a▁b", "▁ a", "\x0bvertical\x0c",
]  # fmt: skip

ODD = [
    "<s>", "</s>", "a<s>b</s>c", "<unk>", "<pad>", "<0x41>", "<0x0A>", "[EOS]", "[BOS'] a [EOS'] [BOS] b [EOS]", "[MASK][PAD][UNK]",
    "nul\0within", "\0", "\x01\x02\x7f", "\ufffd", "⁇", " ⁇ ", "\U0010ffff", "\ue000",
]  # fmt: skip

NOT_UTF8 = [
    "ff", "61ff62", "c3", "c328", "e296", "e28161", "f09f98", "f09f98f09f9880", "c080", "eda080", "eda0bdedb880", "f4908080",
    "80808080", "6120c3a920ff20c3a9", "fffe00", "c3a9c3", "e2969ee296", "20ff20", "e29681ffe29681",
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=Path, default=HERE.parents[2] / "shared" / "data" / "tokenizers")
    models = [SentencePieceProcessor(model_file=str(parser.parse_args().models / f"{name}.model")) for name in MODELS]

    texts = ENGLISH + JAPANESE + SCRIPTS + EMOJI
    texts += [unicodedata.normalize(form, text) for text in ACCENTS for form in ("NFC", "NFD")]
    texts += ZERO_WIDTH + FULL_WIDTH + SPACES + ODD
    joined = " ".join(texts) + " "
    long = (joined * (LONG // len(joined) + 1))[:LONG]

    def entry(given, text, shown):
        ids = [model.encode(text) for model in models]
        decoded = [model.decode(part) for model, part in zip(models, ids)]
        return {**given, "ids": ids, **({} if decoded == [shown, shown] else {"decoded": decoded})}

    lines = [entry({"text": text}, text, text) for text in texts] + [entry({"characters": LONG}, long, long)]
    broken = [entry({"hex": text}, bytes.fromhex(text), None) for text in NOT_UTF8]

    def listed(items):
        return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]"

    body = f'"models": {json.dumps(MODELS)},\n"lines": {listed(lines)},\n"bytes": {listed(broken)}'
    (HERE / "sentencepiece_lines.json").write_text(f"{{\n{body}\n}}\n")
    print(len(lines), "lines,", len(broken), "that are not UTF-8")


if __name__ == "__main__":
    main()
