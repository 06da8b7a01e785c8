#!/usr/bin/env python3
"""Trains small tokenizers with the structure of published ones and writes their tokenizer.json.

    python3 tools/tokenizer_make_files.py FOLDER [NAME...]
"""

import json
import pathlib
import struct
import sys

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
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


def distilbert(small=False):
    """Cased and stripped of accents, which no other one is."""
    tokenizer = word_piece(6000, small, lowercase=False, strip_accents=True)
    tokenizer.post_processor = bert_template(tokenizer)
    return tokenizer


def mpnet(small=False):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.WordPieceTrainer(vocab_size=SMALL if small else 8000, show_progress=False,
                                  special_tokens=["<s>", "<pad>", "</s>", "[UNK]"]))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
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


def byte_level(small, specials, pre_tokenizer=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer or pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.BpeTrainer(vocab_size=SMALL if small else 10000, special_tokens=specials,
                            show_progress=False,
                            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def gpt2(small=False):
    tokenizer = byte_level(small, ["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def roberta(small=False):
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = byte_level(small, specials, pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")))
    return tokenizer


def split_then_bytes(expression):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


LLAMA = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = LLAMA.replace("{1,3}", "")


def llama3(small=False):
    tokenizer = byte_level(small, ["<|begin_of_text|>", "<|end_of_text|>"],
                           split_then_bytes(LLAMA), ignore_merges=True)
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True, add_prefix_space=True),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
            special_tokens=[("<|begin_of_text|>", begin)])])
    return tokenizer


def qwen2(small=False):
    tokenizer = byte_level(small, ["<|endoftext|>"], split_then_bytes(QWEN))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False, special=False)])
    return tokenizer


def qwen3(small=False):
    """Its embedding models end texts with a token."""
    tokenizer = byte_level(small, ["<|endoftext|>"], split_then_bytes(QWEN))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False, add_prefix_space=False, use_regex=False),
        processors.TemplateProcessing(single="$A <|endoftext|>", pair="$A $B <|endoftext|>",
                                      special_tokens=[("<|endoftext|>", 0)])])
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False, special=False)])
    return tokenizer


DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def deepseek(small=False):
    splits = [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", DEEPSEEK]
    tokenizer = byte_level(small, ["<|begin_of_text|>", "<|end_of_text|>"], pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(split), "isolated") for split in splits]
        + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]))
    tokenizer.normalizer = normalizers.Sequence([])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def modernbert(small=False):
    tokenizer = byte_level(small, ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = bert_template(tokenizer)
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(2, 6)]
                         + [AddedToken("|||EMAIL|||", normalized=False)])
    return tokenizer


def fallback_bpe(small, normalizer, pre_tokenizer, strip=True):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
        + ([decoders.Strip(" ", 1, 0)] if strip else []))
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.BpeTrainer(vocab_size=SMALL if small else 6000, show_progress=False,
                            special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)],
                            limit_alphabet=400, max_token_length=16))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return tokenizer


def byte_fallback(small=False):
    """As Llama 2 and the first Mistral have it."""
    return fallback_bpe(small, normalizers.Sequence([
        normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]), None)


def mistral(small=False):
    """As its later files have it."""
    return fallback_bpe(small, None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))


def gemma(small=False):
    tokenizer = fallback_bpe(small, normalizers.Replace(" ", "\u2581"),
                             pre_tokenizers.Split(" ", "merged_with_previous"), strip=False)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in ("\n\n", "\n\n\n", "<b>")])
    return tokenizer


def affix_bpe(small=False):
    """The first GPT and its kin: affixes and an unknown token that is not fused."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##",
                                     end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous"),
        pre_tokenizers.Digits(individual_digits=True)])
    tokenizer.decoder = decoders.BPEDecoder()
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.BpeTrainer(vocab_size=SMALL if small else 5000, show_progress=False,
                            special_tokens=["<unk>"], limit_alphabet=200,
                            continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    return tokenizer


def sentencepiece_map():
    """The character map nmt_nfkc of SentencePiece, which XLM-R, T5 and many others carry."""
    import io

    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(tokenizer_texts.prose(200)), model_writer=model, vocab_size=200,
        normalization_rule_name="nmt_nfkc", minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def made_up_map():
    """A small map with what the real one lacks: deletions and growth next to each other."""
    keys = {"\u2122": "TM", "\x1e": "", "a": "bc", "\u00e9": "", "e\u0301": "xyz", "\u3042\u3044": "q"}
    blob, places = b"", {}
    for key, value in keys.items():
        places[key.encode()] = len(blob)
        blob += value.encode() + b"\0"
    units, nodes = [0] * 256 * 40, {b"": 256}
    units[0] = 256 << 10
    free = 512
    for key in sorted(places):
        for length in range(1, len(key) + 1):
            prefix = key[:length]
            if prefix in nodes:
                continue
            nodes[prefix], here = free, nodes[prefix[:-1]] ^ prefix[-1]
            units[here] = (here ^ free) << 10 | int(prefix in places) << 8 | prefix[-1]
            if prefix in places:
                units[free] = places[prefix]
            free += 256
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + blob


def unigram(small, normalizer, pre_tokenizer, specials, vocab_size=6000, byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small=True),  # the trainer wants room for every character
        trainers.UnigramTrainer(vocab_size=SMALL if small else vocab_size, special_tokens=specials,
                                unk_token="<unk>", show_progress=False))
    if byte_fallback:
        model = json.loads(tokenizer.to_str())["model"]
        vocab = [tuple(item) for item in model["vocab"]]
        vocab += [(f"<0x{byte:02X}>", -20.0 - byte / 256) for byte in range(256)]
        tokenizer.model = models.Unigram(vocab, model["unk_id"], True)
    return tokenizer


def xlm_roberta(small=False):
    tokenizer = unigram(
        small, normalizers.Sequence([normalizers.Precompiled(sentencepiece_map()),
                                     normalizers.Replace("  ", " ")]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
        ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def t5(small=False):
    tokenizer = unigram(small, normalizers.Precompiled(sentencepiece_map()),
                        pre_tokenizers.Metaspace(split=False), ["<pad>", "</s>", "<unk>"],
                        byte_fallback=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def deberta_v2(small=False):
    tokenizer = unigram(
        small, normalizers.Sequence([normalizers.Strip(), normalizers.Precompiled(sentencepiece_map()),
                                     normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Metaspace(), ["[PAD]", "[CLS]", "[SEP]", "<unk>"])
    tokenizer.add_special_tokens(["[MASK]"])
    tokenizer.post_processor = bert_template(tokenizer)
    return tokenizer


def camembert(small=False):
    tokenizer = unigram(
        small, normalizers.Sequence([normalizers.Precompiled(sentencepiece_map()),
                                     normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
        ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 5), ("</s>", 6)])
    return tokenizer


def made_up_unigram(small=False):
    return unigram(small, normalizers.Precompiled(made_up_map()), pre_tokenizers.Whitespace(),
                   ["<unk>"], vocab_size=3000)


def characters(small, normalizer, pre_tokenizer=None, decoder=None):
    """Every character a token, so that ids and offsets show what the other components did."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    if decoder:
        tokenizer.decoder = decoder
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.BpeTrainer(vocab_size=300 if small else 4000, show_progress=False,
                            special_tokens=["<unk>"], limit_alphabet=299 if small else 3000))
    return tokenizer


def words(small, pre_tokenizer, normalizer=None, decoder=None):
    """Every piece a token, mostly the unknown one: offsets show where the splits are."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    if decoder:
        tokenizer.decoder = decoder
    tokenizer.train_from_iterator(
        tokenizer_texts.corpus(small),
        trainers.WordLevelTrainer(vocab_size=300 if small else 3000, special_tokens=["<unk>"],
                                  show_progress=False))
    return tokenizer


def part_builders():
    n, p, d = normalizers, pre_tokenizers, decoders
    split = lambda behavior, invert=False: p.Split("ab", behavior, invert)
    vowels = Regex(r"(?i)[aeiou]+\d?|\p{Sc}|(?<=\s)\s")
    return {
        "nfc": lambda small=False: characters(small, n.NFC()),
        "nfd": lambda small=False: characters(small, n.NFD(), decoder=d.CTC()),
        "nfkc": lambda small=False: characters(small, n.NFKC(), p.Whitespace()),
        "nfkd": lambda small=False: characters(small, n.Sequence([n.NFKD(), n.StripAccents()])),
        "nmt": lambda small=False: characters(small, n.Sequence([
            n.Nmt(), n.Strip(), n.Replace("e", "\u00e9a"), n.Prepend("_x"), n.Lowercase()])),
        "strip_left": lambda small=False: characters(small, n.Strip(right=False)),
        "strip_right": lambda small=False: characters(small, n.Strip(left=False)),
        "byte_normalizer": lambda small=False: characters(small, n.ByteLevel(), decoder=d.ByteLevel()),
        "whitespace": lambda small=False: words(small, p.Whitespace()),
        "whitespace_split": lambda small=False: words(small, p.WhitespaceSplit(), decoder=d.Fuse()),
        "punctuation_contiguous": lambda small=False: words(small, p.Punctuation("contiguous")),
        "punctuation_removed": lambda small=False: words(small, p.Punctuation("removed")),
        "punctuation_next": lambda small=False: words(small, p.Punctuation("merged_with_next")),
        "digits": lambda small=False: words(small, p.Digits()),
        "delimiter": lambda small=False: words(small, p.CharDelimiterSplit("a")),
        "scripts": lambda small=False: words(small, p.UnicodeScripts()),
        "fixed_length": lambda small=False: words(small, p.FixedLength(3)),
        "metaspace_always": lambda small=False: words(small, p.Metaspace(), decoder=d.Metaspace()),
        "metaspace_first": lambda small=False: words(
            small, p.Metaspace(prepend_scheme="first"), n.Strip(), d.Metaspace()),
        "metaspace_never": lambda small=False: words(
            small, p.Sequence([p.WhitespaceSplit(), p.Metaspace(prepend_scheme="never", split=False)])),
        "split_removed": lambda small=False: words(small, split("removed")),
        "split_inverted": lambda small=False: words(small, split("removed", True)),
        "split_previous": lambda small=False: words(small, split("merged_with_previous", True)),
        "split_next": lambda small=False: words(small, split("merged_with_next")),
        "split_contiguous": lambda small=False: words(small, split("contiguous", True)),
        "regex_split": lambda small=False: words(small, p.Split(vowels, "isolated")),
        "regex_removed": lambda small=False: words(small, p.Split(vowels, "removed", True)),
        "regex_replace": lambda small=False: characters(small, n.Sequence([
            n.Replace(Regex(r"\s{2,}|\d+"), " "), n.Replace(Regex("(?i)e|$"), "\u00e9a")])),
    }


# What the fuzzed strings for a tokenizer should contain.
BITS = {
    "bert_added": ["<mask>", " <mask> ", "<right> ", "<both>", " <both> ", "Hello", "hello", "the", "The",
                   "\u00c9t\u00e9", "\u00e9t\u00e9", "  ", "thequick", "theq", "ony", "colony", "\u4f60\u597d",
                   "\u2581 ", " \u2581"],
}
BUILDERS = {f.__name__: f for f in (
    bert_uncased, bert_cased, bert_multilingual, bert_added, distilbert, mpnet, gpt2, roberta, llama3,
    qwen2, qwen3, deepseek, modernbert, byte_fallback, mistral, gemma, affix_bpe, xlm_roberta, t5,
    deberta_v2, camembert, made_up_unigram)} | part_builders()
OTHER_BITS = BERT_SPECIALS + ["<mask>", " <mask>", "<s>", "</s>", "<unk>", "<|endoftext|>", "<|im_start|>",
                              "<|begin_of_text|>", "<tool>", "|||EMAIL|||", "'S", "'\u017f", "'LL", "ab",
                              "abab", " \n", "\n\n ", "1234567", "<0x41>", "\u30fc", "  a", "\u3042\u4e00",
              "\u2122\x1eg", "\x1e", "\x1ea", "a\x1e\x1e", "\u00e9\u00e9a", "\u3042\u3044", "\u00a9\u200d\u2764\u0301"]


BITS["gemma"] = OTHER_BITS + ["<b>", "\n\n\n\n"]
# Files whose post-processor cuts the whitespace off that an added token has swallowed: it cuts bytes off
# byte offsets and characters off character offsets, which is the same only for ASCII.
TRIMMED = ("roberta", "mpnet")


def bits(name):
    return BITS.get(name, OTHER_BITS)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or BUILDERS:
        BUILDERS[name]().save(str(folder / f"{name}.json"))
        print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
