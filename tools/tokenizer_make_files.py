#!/usr/bin/env python3
"""Trains small tokenizers with the structure of published ones and writes their tokenizer.json.

    python3 tools/tokenizer_make_files.py FOLDER [NAME...]
"""

import pathlib
import sys

from tokenizers import (AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

import tokenizer_texts

SMALL = 1200  # size of the vocabularies that are kept in the repository
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def bert_template(tokenizer):
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    return processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)])


def word_piece(vocab_size, small, **normalizer):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.WordPieceTrainer(vocab_size=SMALL if small else vocab_size, special_tokens=BERT_SPECIALS,
                                  show_progress=False, continuing_subword_prefix="##"))
    return tokenizer


def bert_uncased(small=False):
    tokenizer = word_piece(8000, small)
    tokenizer.post_processor = bert_template(tokenizer)
    return tokenizer


def bert_cased(small=False):
    tokenizer = word_piece(8000, small, lowercase=False)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


def bert_multilingual(small=False):
    tokenizer = word_piece(12000, small, lowercase=False, strip_accents=True, clean_text=False)
    tokenizer.post_processor = bert_template(tokenizer)
    return tokenizer


def bert_added(small=False):
    """Added tokens of every kind, some of which overlap."""
    tokenizer = word_piece(4000, small, strip_accents=False)
    tokenizer.post_processor = bert_template(tokenizer)
    tokenizer.add_special_tokens([
        AddedToken("<mask>", lstrip=True, rstrip=False, special=True),
        AddedToken("<right>", rstrip=True, special=True),
        AddedToken("<both>", lstrip=True, rstrip=True, single_word=True, special=True)])
    tokenizer.add_tokens([
        AddedToken("Hello", normalized=True), AddedToken("the", single_word=True),
        AddedToken("\u00c9t\u00e9", normalized=True), AddedToken("  ", normalized=False),
        AddedToken("thequick", normalized=False), AddedToken("theq", normalized=False),
        AddedToken("ony", single_word=True, normalized=False),
        AddedToken("\u4f60\u597d", normalized=True), AddedToken("\u2581", lstrip=True, normalized=True)])
    return tokenizer


# What the fuzzed strings for a tokenizer should contain.
BITS = {
    "bert_added": ["<mask>", " <mask> ", "<right> ", "<both>", " <both> ", "Hello", "hello", "the", "The",
                   "\u00c9t\u00e9", "\u00e9t\u00e9", "  ", "thequick", "theq", "ony", "colony", "\u4f60\u597d",
                   "\u2581 ", " \u2581"],
}
BUILDERS = {f.__name__: f for f in (bert_uncased, bert_cased, bert_multilingual, bert_added)}


def bits(name):
    return BITS.get(name, BERT_SPECIALS)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or BUILDERS:
        BUILDERS[name]().save(str(folder / f"{name}.json"))
        print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
