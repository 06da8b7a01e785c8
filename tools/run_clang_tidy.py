#!/usr/bin/env python3
"""Runs clang-tidy over the project's sources, in parallel, and skips what has not changed.

    tools/run_clang_tidy.py --build build/lint [--files all|changed | FILE...] [--jobs N]

`changed` means: differs from HEAD or is not yet tracked. A file that passed is remembered in the user's cache
folder, for every clone, under the hash of everything its verdict depends on: itself, the project's headers that it
reaches, its compile command and .clang-tidy. So a second run costs next to nothing. Where the build
compiles several sources as one (a unity build), they are checked as one, which is several times as fast.

clang-tidy is the one beside this Python (tools/requirements-lint.txt): Debian's 14 also checks what system headers
declare, which takes four times as long.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
COMMAND = [
    str(pathlib.Path(sys.executable).parent / "clang-tidy"),
    "--quiet",
    "--extra-arg=-Wno-unknown-warning-option",
    "--extra-arg=-Wno-ignored-attributes",
    "--extra-arg=-Wno-deprecated-declarations",  # in libstdc++'s own headers
]


def reachable(path, seen):
    """Adds `path` and every project header that it includes, directly or not, to `seen`."""
    if path in seen or not path.is_file():
        return
    seen[path] = path.read_bytes()
    for target in INCLUDE.findall(seen[path].decode("utf-8", "replace")):
        for base in (ROOT / "src", path.parent):
            if (base / target).is_file():
                reachable((base / target).resolve(), seen)
                break


def verdict_key(path, command):
    command = command.replace(str(ROOT), ".")
    pinned = (ROOT / "tools/requirements-lint.txt").read_bytes()
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + pinned + command.encode() + str(COMMAND[1:]).encode())
    seen = {}
    reachable(path, seen)
    for file in sorted(seen):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + seen[file] + b"\0")
    return digest.hexdigest()


def changed_files():
    output = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return {(ROOT / line[3:].split(" -> ")[-1]).resolve() for line in output.splitlines()}


def selected(commands, choice):
    """The sources of the compile database that were asked for."""
    if choice == ["all"]:
        return list(commands)
    wanted = changed_files() if choice == ["changed"] else {pathlib.Path(name).resolve() for name in choice}
    result = []
    for path in commands:
        seen = {}
        reachable(path, seen)
        if wanted & set(seen):
            result.append(path)
    return result


def check(path, build, key, passed):
    run = subprocess.run([*COMMAND, "-p", str(build), str(path)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode == 0:
        (passed / key).touch()
        return None
    return run.stdout.strip() or run.stderr.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of compile_commands.json")
    parser.add_argument("--files", nargs="+", default=["all"], help="all, changed, or paths")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()

    commands = {}
    for entry in json.loads((args.build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"]).resolve()
        if path.is_relative_to(ROOT):
            commands[path] = entry["command"]
    caches = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    passed = caches / "embd" / "clang-tidy"
    passed.mkdir(parents=True, exist_ok=True)
    keys = {path: verdict_key(path, commands[path]) for path in selected(commands, args.files)}
    todo = [path for path in keys if not (passed / keys[path]).exists()]
    print(f"clang-tidy: {len(todo)} of {len(keys)} files to check", flush=True)

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for output in pool.map(lambda path: check(path, args.build, keys[path], passed), todo):
            if output:
                failures += 1
                print(f"{output}\n", flush=True)
    if failures:
        sys.exit(f"clang-tidy: {failures} files with findings")
    print("clang-tidy: no findings")


if __name__ == "__main__":
    main()
