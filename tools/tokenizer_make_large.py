#!/usr/bin/env python3
"""Writes tokenizer files of the structure and the size of published ones, and texts to measure with.

    python3 tools/tokenizer_make_large.py FOLDER [NAME...]

What is already in the folder stays. The vocabularies come from the word frequencies of the package
wordfreq, so that the texts english.txt and mixed.txt, made of the same words, split as real text does.
All of it takes some three minutes. A real WordPiece vocabulary is in models/all-MiniLM-L6-v2.
"""

import collections
import json
import math
import os
import pathlib
import sys

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import tokenizer_make_files as make
import tokenizer_texts

ALL = tokenizer_texts.LANGUAGES
TEXT_BYTES = 4_000_000


def train(tokenizer, trainer, languages, megabytes):
    # English is half of what a published vocabulary was trained on.
    half = megabytes * 500_000
    texts = [*tokenizer_texts.natural(["en"], half, 11), *tokenizer_texts.natural(languages, half, 12)]
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def word_piece_multilingual():
    """As BERT multilingual cased."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    train(tokenizer, trainers.WordPieceTrainer(vocab_size=119547, special_tokens=make.BERT_SPECIALS,
                                               show_progress=False), ALL, 40)
    tokenizer.post_processor = make.bert_template(tokenizer)
    return tokenizer


def byte_level(vocab_size, specials, pre_tokenizer, megabytes, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=specials, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()), ALL, megabytes)


def bpe_50k():
    """As GPT-2 and RoBERTa."""
    tokenizer = byte_level(50265, ["<s>", "<pad>", "</s>", "<unk>"],
                           pre_tokenizers.ByteLevel(add_prefix_space=False), 12)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def bpe_128k():
    """As Llama 3; Qwen's differs in a number and has 150k."""
    tokenizer = byte_level(128000, ["<|begin_of_text|>"], make.split_then_bytes(make.LLAMA), 40,
                           ignore_merges=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
        special_tokens=[("<|begin_of_text|>", 0)])
    return tokenizer


def bpe_fallback_32k():
    """As Llama 2 and Mistral; Gemma's is larger. Trained on words, used on whole texts like those."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    train(tokenizer, trainers.BpeTrainer(vocab_size=32000, special_tokens=specials, show_progress=False,
                                         limit_alphabet=4000, max_token_length=16), ALL, 12)
    file = json.loads(tokenizer.to_str())
    file["pre_tokenizer"] = None
    file["added_tokens"] = file["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return tokenizer


def unigram_250k():
    """As XLM-R. The trainer would take an hour: pieces are the commonest parts of words, and each one's
    score is the logarithm of how common it is."""
    count = collections.Counter()
    for language in ALL:
        for word, frequency in tokenizer_texts.lexicon(language, 20000):
            for written in (word, word.capitalize()):
                marked = "\u2581" + written
                for begin in range(len(marked)):
                    for end in range(begin + 1, min(begin + 16, len(marked)) + 1):
                        count[marked[begin:end]] += frequency * (1 if written == word else 0.1)
    for piece in ".,?0123456789\u3002\uff0c\uff1f\u3001\u0964\u060c\u061f\u06d4":
        count[piece] += 0.1
    singles = {piece for piece in count if len(piece) == 1}
    parts = sorted((p for p in count if len(p) > 1), key=lambda p: (-count[p] * len(p) ** 2, p))
    pieces = sorted(singles) + parts[:250_001 - 4 - len(singles)]
    total = sum(count[piece] for piece in pieces)
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab += [(piece, math.log(count[piece] / total)) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram(vocab, 3, False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(make.sentencepiece_map()), normalizers.Replace("  ", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


BUILDERS = {f.__name__: f for f in (word_piece_multilingual, bpe_50k, bpe_128k, bpe_fallback_32k,
                                    unigram_250k)}
TEXTS = {"english.txt": ["en"], "mixed.txt": ALL}


def write(folder, names=()):
    """Makes what is not there yet; each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or BUILDERS:
        path = folder / f"{name}.json"
        if not path.exists():
            print(f"making {path}", file=sys.stderr, flush=True)
            half = path.with_suffix(".half")
            BUILDERS[name]().save(str(half), pretty=False)
            os.replace(half, path)
    for name, languages in TEXTS.items():
        path = folder / name
        if not path.exists():
            half = path.with_suffix(".half")
            half.write_text("".join(f"{text}\n" for text in tokenizer_texts.natural(languages, TEXT_BYTES, 21)),
                            encoding="utf-8")
            os.replace(half, path)


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), sys.argv[2:])
