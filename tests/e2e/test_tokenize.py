"""embd tokenize, embd decode and embd bench tokenizer, as they are used in a shell."""

import json
import select
import signal
import subprocess

import pytest

import embd_process

TOKENIZER = embd_process.MODEL / "tokenizer.json"
GOLDEN = embd_process.ROOT / "tests/golden/tokenizer"


def run(*args, text="", binary_input=None):
    source = text.encode() if binary_input is None else binary_input
    return subprocess.run([embd_process.BINARY, *map(str, args)], input=source, capture_output=True, timeout=60)


def start(*args, **streams):
    return subprocess.Popen([embd_process.BINARY, *map(str, args)], **streams)


def test_writes_one_object_for_each_line():
    done = run("tokenize", "--tokenizer", TOKENIZER, text='"D\\u00e9j\\u00e0 vu!"\n["a", "b"]\n""\n')
    assert (done.returncode, done.stderr) == (0, b"")
    first, pair, empty = map(json.loads, done.stdout.splitlines())
    assert first == {
        "ids": [101, 2139, 3900, 24728, 999, 102],
        "type_ids": [0] * 6,
        "offsets": [[0, 0], [0, 3], [3, 6], [7, 9], [9, 10], [0, 0]],
        "special_tokens_mask": [1, 0, 0, 0, 0, 1],
        "tokens": ["[CLS]", "de", "##ja", "vu", "!", "[SEP]"],
    }
    assert pair["ids"] == [101, 1037, 102, 1038, 102] and pair["type_ids"] == [0, 0, 0, 1, 1]
    assert empty["tokens"] == ["[CLS]", "[SEP]"]


@pytest.mark.parametrize(
    "flags, tokens",
    [
        ([], ["[CLS]", "one", "two", "three", "[SEP]"]),
        (["--no-special-tokens"], ["one", "two", "three"]),
        (["--max-length", "4"], ["[CLS]", "one", "two", "[SEP]"]),
        (["--max-length=4", "--truncation-side=left"], ["[CLS]", "two", "three", "[SEP]"]),
        (["--no-special-tokens", "--max-length", "1", "--truncation-side", "left"], ["three"]),
    ],
)
def test_options(flags, tokens):
    done = run("tokenize", "--tokenizer", TOKENIZER, *flags, text='"one two three"')
    assert json.loads(done.stdout)["tokens"] == tokens


def test_decoding_gives_the_text_back():
    text = '"hello world!"\n"what is deep learning?"\n'
    encoded = run("tokenize", "--tokenizer", TOKENIZER, text=text).stdout.splitlines()
    ids = "".join(f"{json.loads(line)['ids']}\n" for line in encoded)
    assert run("decode", "--tokenizer", TOKENIZER, text=ids).stdout.decode() == text
    kept = run("decode", "--tokenizer", TOKENIZER, "--keep-special-tokens", text=ids).stdout.splitlines()
    assert json.loads(kept[0]) == "[CLS] hello world! [SEP]"


@pytest.mark.parametrize(
    "command, line, message",
    [
        ("tokenize", b'{"text": "a"}', "line 3: expected a JSON string or an array of two, found another JSON value"),
        ("tokenize", b'["a", "b", "c"]', "line 3: expected a JSON string or an array of two"),
        ("tokenize", b'"a', "found no JSON value"),
        ("tokenize", b"plain text", "found no JSON value"),
        ("tokenize", b"", "found no JSON value"),
        ("tokenize", b'"\xff"', "found invalid UTF-8"),
        ("decode", b'"a"', "line 3: expected a JSON array of token ids, found another JSON value"),
        ("decode", b"[1.5]", "line 3: expected a JSON array of token ids"),
        ("decode", b"[-1]", "line 3"),
    ],
)
def test_stops_at_a_bad_line_and_names_it(command, line, message):
    good = {"tokenize": b'"a"\n', "decode": b"[1037]\n"}[command]
    done = run(command, "--tokenizer", TOKENIZER, binary_input=good * 2 + line + b"\n" + good)
    assert done.returncode == 1
    assert done.stdout.count(b"\n") == 2, "the answers to the lines before"
    error = done.stderr.decode()
    assert error.startswith("Error: ") and error.count("\n") == 1 and message in error


@pytest.mark.parametrize("command", [["tokenize"], ["decode"], ["bench", "tokenizer", "--input", __file__]])
def test_a_bad_file_is_one_line(command, tmp_path):
    broken = tmp_path / "tokenizer.json"
    broken.write_text('{"model": {"type": "Foo"}}')
    for path in (tmp_path / "none.json", broken, tmp_path):
        done = run(*command, "--tokenizer", path)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(f"Error: {path}".encode()) and done.stderr.count(b"\n") == 1


def test_no_tokenizer_is_a_usage_error():
    for command in ("tokenize", "decode"):
        done = run(command)
        assert done.returncode == 2 and b"--tokenizer <FILE>" in done.stderr


def test_answers_while_the_input_stays_open():
    with start("tokenize", "--tokenizer", TOKENIZER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for word in ("one", "two"):
            process.stdin.write(f'"{word}"\n'.encode())
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 30)[0], "no answer"
            assert json.loads(process.stdout.readline())["tokens"][1] == word
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_streams_more_than_it_holds(tmp_path):
    """60 MB of lines in, some 500 MB out, in the memory of a few lines."""
    source = tmp_path / "lines"
    with open(source, "w") as out:
        out.writelines([f'"{"a lot of words " * 100}"\n'] * 40000)
    command = [embd_process.BINARY, "tokenize", "--tokenizer", TOKENIZER]
    with open(source, "rb") as lines, start(*command[1:], stdin=lines, stdout=subprocess.PIPE) as process:
        answers = peak = 0
        while block := process.stdout.read(1 << 20):
            answers += block.count(b"\n")
            if answers > 20000 and not peak:
                status = open(f"/proc/{process.pid}/status").read()
                peak = int(status.split("VmHWM:")[1].split()[0])
    assert process.returncode == 0 and answers == 40000
    assert 0 < peak < 64 * 1024, f"{peak} kB"


def test_a_closed_pipe_ends_it_quietly():
    process = start("tokenize", "--tokenizer", TOKENIZER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    try:
        process.stdin.write(b'"a"\n' * 100000)
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.stderr.read() == b""
    assert process.wait(60) == -signal.SIGPIPE
    process.stderr.close()


def test_a_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        process = start("tokenize", "--tokenizer", TOKENIZER, stdin=subprocess.PIPE, stdout=full, stderr=subprocess.PIPE)
        _, error = process.communicate(b'"a"\n', timeout=60)
    assert process.returncode == 1
    assert error == b"Error: the output cannot be written\n"


def test_a_signal_ends_it():
    for number in (signal.SIGINT, signal.SIGTERM):
        with start("tokenize", "--tokenizer", TOKENIZER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(b'"a"\n')
            process.stdin.flush()
            process.stdout.readline()  # it runs
            process.send_signal(number)
            assert process.wait(60) == -number


def test_bench_reports_speed_and_load_time(tmp_path):
    texts = tmp_path / "texts"
    texts.write_text("What is Deep Learning?\n\nD\u00e9j\u00e0 vu\n")
    args = ["bench", "tokenizer", "--tokenizer", TOKENIZER, "--input", texts, "--threads=2", "--seconds=1"]
    report = json.loads(run(*args, "--json").stdout)
    assert report["threads"] == 2 and report["texts"] == 2
    assert report["mb_per_s"] > 0 and report["tokens_per_s"] > 0 and report["load_ms"] > 0
    assert report["first_load_ms"] > 0 and report["resident_bytes"] > 0 and report["file_bytes"] > 0
    assert b"MB/s" in run(*args).stdout


def megabyte(text):
    return text * (2**20 // len(text.encode()))


# One file for each model, normalizer and way to split that could go through a text more than once.
@pytest.mark.parametrize("name", [
    "bert_uncased", "bert_added", "gpt2", "llama3", "deepseek", "byte_fallback", "mistral", "affix_bpe", "xlm_roberta",
    "made_up_unigram", "nfc", "nfkd", "nmt", "scripts", "whitespace", "digits", "metaspace_always", "split_contiguous",
    "regex_split", "regex_replace", "expression_isolated"])
def test_a_megabyte_of_the_same_takes_time_in_proportion(name):
    """Going back to the start for each character would take hours; the limit of a run is a minute."""
    texts = ["a", " ", "1", "!", "\u2581", "\u0301", "\u0323\u0301", "\u4f60", "\U0001f468\u200d", "antidisestablish"]
    lines = "".join(f"{json.dumps(megabyte(text))}\n" for text in [*texts, "e\u0301"])
    with start("tokenize", "--tokenizer", GOLDEN / f"{name}.json", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
               stderr=subprocess.PIPE) as process:
        assert process.communicate(lines.encode(), timeout=60)[1] == b""
    assert process.returncode == 0


def word_piece(tokens):
    return json.loads(TOKENIZER.read_text())["model"], 4 * len(tokens)


def unigram(tokens):
    return {"type": "Unigram", "unk_id": 0, "vocab": [[token, -0.5 - id / 1000] for id, token in enumerate(tokens)]
            }, 8 * len(tokens)


def bpe(tokens):
    """Merges that make the tokens out of characters, of two tokens each."""
    vocab = dict.fromkeys(sorted({c for token in tokens for c in token}) + tokens)
    merges = [next([token[:at], token[at:]] for at in range(len(token) - 1, -1, -1)
                   if at == 0 or (token[:at] in vocab and token[at:] in vocab)) for token in vocab if len(token) > 1]
    merges = [merge for merge in merges if merge[0]]
    return {"type": "BPE", "vocab": {token: id for id, token in enumerate(vocab)}, "merges": merges
            }, 4 * len(vocab) + 8 * len(merges)


@pytest.mark.parametrize("make", [word_piece, unigram, bpe])
def test_tables_take_at_most_three_times_the_vocabulary(make, tmp_path):
    tokens = list(json.loads(TOKENIZER.read_text())["model"]["vocab"])  # 30,522 real ones
    model, numbers = make(tokens)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": model}))
    (tmp_path / "texts").write_text("a\n")
    report = json.loads(run("bench", "tokenizer", "--tokenizer", tmp_path / "tokenizer.json", "--input",
                            tmp_path / "texts", "--seconds=1", "--json").stdout)
    texts = sum(len(token.encode()) for token in (model["vocab"] if make is not unigram else tokens))
    assert report["vocabulary_bytes"] == texts + numbers
    assert report["resident_bytes"] <= 3 * report["vocabulary_bytes"]


def test_bench_refuses_texts_that_it_cannot_encode(tmp_path):
    texts = tmp_path / "texts"
    texts.write_bytes(b"good\n\xff\n")
    done = run("bench", "tokenizer", "--tokenizer", TOKENIZER, "--input", texts)
    assert done.returncode == 1 and b"text 2" in done.stderr
    texts.write_bytes(b"")
    done = run("bench", "tokenizer", "--tokenizer", TOKENIZER, "--input", texts)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1
