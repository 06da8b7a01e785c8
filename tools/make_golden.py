#!/usr/bin/env python3
"""Writes the golden embeddings of all-MiniLM-L6-v2 that the end-to-end tests compare with.

    python3 tools/fetch_default_model.py     # the model, once
    python3 tools/make_golden.py             # tests/golden/minilm/{texts.json,embeddings.npy}

The reference is sentence-transformers in float32 on the CPU, one text at a time (no padding), with
the model's own limit of 256 tokens and its normalised output. The script makes a virtual
environment build/venv-golden from tools/requirements-golden.txt (some 2 GB; needed only here) unless
the interpreter that runs it already has sentence-transformers.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def texts():
    """Each text with what it is there for."""
    long_prose = (
        "The quick brown fox jumps over the lazy dog while seventy-three physicists argue about entropy. "
        "Meanwhile, in Zürich, a café serves crêpes; nobody minds. "
    )
    ten_thousand = (long_prose * 80)[:10_000]
    return [
        ("question", "What is Deep Learning?"),
        ("statement", "Deep learning is a subset of machine learning based on neural networks."),
        ("two sentences", "The cat sat on the mat. It was very comfortable there."),
        ("one letter", "a"),
        ("one capital letter", "Z"),
        ("one digit", "7"),
        ("one punctuation mark", "."),
        ("one ideograph", "水"),
        ("one emoji", "🦊"),
        ("one space", " "),
        ("only white space", " \t\n\r  \u00a0\u2003\u3000 "),
        ("white space around and inside", "  hello \t\t world \n\n again   "),
        ("only punctuation", "!?.,;:-_()[]{}<>/\\|@#$%^&*+=~`'\""),
        ("numbers", "In 1969, 2.5 million people paid $3,499.99 for 0.001% of 1e-7."),
        ("a long number", "3141592653589793238462643383279502884197169399375105820974944592307816"),
        ("upper case", "THIS SENTENCE IS SHOUTED, AND THE MODEL IS UNCASED."),
        ("mixed case identifier", "getHTTPResponseCodeForURLSession"),
        ("German", "Fünfzehn große Größen überqueren die Straße in Gießen."),
        ("French", "L'été dernier, où étiez-vous ? À l'école, naïve garçonnière."),
        ("Vietnamese", "Tôi không hiểu tiếng Việt nhưng tôi thích phở."),
        ("Polish", "Zażółć gęślą jaźń, proszę bardzo."),
        ("Turkish dotted and dotless i", "İstanbul'da ılık bir gün: DIŞ, diş, IĞDIR."),
        ("Greek", "Η γρήγορη αλεπού πηδάει πάνω από τον τεμπέλη σκύλο. ΟΔΥΣΣΕΥΣ"),
        ("Russian", "Съешь ещё этих мягких французских булок, да выпей чаю."),
        ("Chinese, simplified", "深度学习是机器学习的一个分支,它使用多层神经网络。"),
        ("Chinese, traditional", "臺灣的夜市非常熱鬧，小吃種類繁多。"),
        ("Japanese", "吾輩は猫である。名前はまだ無い。カタカナとｶﾀｶﾅ。"),
        ("Korean", "빠른 갈색 여우가 게으른 개를 뛰어넘는다."),
        ("Arabic", "التعلم العميق هو فرع من فروع تعلم الآلة."),
        ("Arabic with vowel marks", "بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ ٱلرَّحِيمِ"),
        ("Hebrew with points", "שָׁלוֹם עֲלֵיכֶם, מה שלומך?"),
        ("Persian with a zero-width non-joiner", "می‌خواهم کتاب‌ها را بخوانم"),
        ("Hindi", "गहन शिक्षण मशीन लर्निंग का एक उपक्षेत्र है।"),
        ("Tamil", "யாதும் ஊரே யாவரும் கேளிர்"),
        ("Thai", "ภาษาไทยไม่มีช่องว่างระหว่างคำ"),
        ("Georgian", "ვეფხისტყაოსანი შოთა რუსთაველის პოემაა"),
        ("emoji", "I ❤️ pizza 🍕 and pasta 🍝!!! 🎉🎉🎉"),
        ("joined emoji and flags", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪🇯🇵"),
        ("combining marks", "e\u0301 o\u0308 n\u0303 a\u030a\u0323 cafe\u0301 Z\u0351\u036b\u0343a\u0363\u0360l\u034ag\u0311o\u034c"),
        ("composed and decomposed", "caf\u00e9 cafe\u0301 \u212b \u00c5 A\u030a"),
        ("compatibility forms", "ﬁne ﬂow ½ ² ① Ⅷ ㎏ ｆｕｌｌｗｉｄｔｈ"),
        ("control characters", "a\u0001b\u0007c\u007fd\u0085e\u200bf\u2028g\ufeffh"),
        ("a null character", "before\u0000after"),
        ("replacement and private use", "x\ufffdy \ue000\uf8ff z"),
        ("outside the basic plane", "𝒟𝑒𝑒𝓅 𝕃𝕖𝕒𝕣𝕟𝕚𝕟𝕘 𠮷野家 𐍈 𒀀"),
        ("right to left among left to right", "The word \u202bשלום\u202c means peace, and سلام too (1, 2, 3)."),
        ("mixed scripts without spaces", "abc中文дефعربيहिन्दीxyz123日本語"),
        ("special tokens in the text", "[CLS] the [MASK] sat on the [SEP] mat [PAD] [UNK]"),
        ("C++", "template <typename T>\nstd::unique_ptr<T> Make(auto&&... args) {\n  return std::make_unique<T>(args...);\n}"),
        ("Python", "def f(x: int) -> list[str]:\n    return [f\"{i:>3}\" for i in range(x) if i % 2 == 0]\n"),
        ("JSON", "{\"inputs\": [\"a\", \"b\"], \"truncate\": true, \"n\": -1.5e3, \"s\": \"\\u00e9\\n\"}"),
        ("HTML", "<a href=\"https://example.org/?q=1&amp;r=2#frag\">click &lt;here&gt;</a>"),
        ("a URL and an address", "https://user@example.org:8080/a/b?c=d#e or mail first.last+tag@sub.example.co.uk"),
        ("a path", "C:\\Users\\me\\file.tar.gz and /usr/local/lib/python3.11/site-packages"),
        ("hyphens, dashes and quotes", "state-of-the-art – an em—dash, “quotes”, ‘more’, «guillemets», 'it''s'"),
        ("currency and mathematics", "∀x∈ℝ: x² ≥ 0, €5 ≠ £5 ≈ ¥900, √2·π ≤ ∞"),
        ("one word longer than the tokenizer allows", "x" * 101),
        ("one word of the longest allowed length", "y" * 100),
        ("a repeated word", "buffalo " * 60),
        ("a paragraph", long_prose * 4),
        ("just below the token limit", "word " * 254),
        ("just above the token limit", "word " * 255),
        ("10,000 characters", ten_thousand),
        ("3,000 times one ideograph", "文" * 3_000),
    ]


def ensure_reference():
    """Re-runs this script inside build/venv-golden when sentence-transformers is not at hand."""
    if importlib.util.find_spec("sentence_transformers"):
        return
    venv = ROOT / "build" / "venv-golden"
    python = venv / "bin" / "python"
    if pathlib.Path(sys.executable) == python:
        sys.exit("make_golden.py: sentence-transformers is missing from build/venv-golden; delete it and run again")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    requirements = ROOT / "tools" / "requirements-golden.txt"
    subprocess.run([str(python), "-m", "pip", "install", "-r", str(requirements)], check=True)
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "models" / "all-MiniLM-L6-v2"), help="model folder")
    parser.add_argument("--out", default=str(ROOT / "tests" / "golden" / "minilm"), help="where to write")
    args = parser.parse_args()
    ensure_reference()

    import numpy as np
    import sentence_transformers
    import torch

    model = sentence_transformers.SentenceTransformer(
        args.model, device="cpu", model_kwargs={"dtype": torch.float32}, local_files_only=True
    )
    if model.max_seq_length != 256:
        sys.exit(f"make_golden.py: expected max_seq_length 256, found {model.max_seq_length}")

    cases = texts()
    plain = [text for _, text in cases]
    alone = np.stack([model.encode([text], batch_size=1)[0] for text in plain])
    batched = model.encode(plain, batch_size=32)
    double = np.stack([model.double().encode([text], batch_size=1)[0] for text in plain])
    assert alone.dtype == np.float32 and alone.shape == (len(plain), 384)

    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "made_by": "tools/make_golden.py",
        "reference": {
            "sentence-transformers": sentence_transformers.__version__,
            "torch": torch.__version__.split("+")[0],
            "largest difference, alone to batches of 32": float(np.abs(alone - batched).max()),
            "largest difference, float32 to float64": float(np.abs(alone - double).max()),
        },
        "cases": [{"name": name, "text": text} for name, text in cases],
    }
    (out / "texts.json").write_text(json.dumps(document, ensure_ascii=True, indent=1) + "\n")
    np.save(out / "embeddings.npy", alone, allow_pickle=False)
    print(f"{len(plain)} texts; {document['reference']}")


if __name__ == "__main__":
    main()
