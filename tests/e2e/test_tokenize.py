"""embd tokenize, embd decode and embd bench tokenizer, as they are used in a shell."""

import json
import select
import signal
import subprocess

import pytest

import embd_process

TOKENIZER = embd_process.MODEL / "tokenizer.json"


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


def test_bench_refuses_texts_that_it_cannot_encode(tmp_path):
    texts = tmp_path / "texts"
    texts.write_bytes(b"good\n\xff\n")
    done = run("bench", "tokenizer", "--tokenizer", TOKENIZER, "--input", texts)
    assert done.returncode == 1 and b"text 2" in done.stderr
    texts.write_bytes(b"")
    done = run("bench", "tokenizer", "--tokenizer", TOKENIZER, "--input", texts)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1
