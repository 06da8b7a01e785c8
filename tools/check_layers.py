#!/usr/bin/env python3
"""Checks who includes whom in src/ (docs/ARCHITECTURE.md, "Folders, from the ground up").

A folder includes only itself and folders before it in LAYERS. A third-party header appears only behind
its wall. The environment is read only in app/. No two headers define a type of the same name in the same
namespace: the linker would take one for the other without a word. Prints one line per violation, exits 1
if there are any.

    tools/check_layers.py               checks the tree
    tools/check_layers.py --self-test   checks that this script finds what it should
"""

import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

LAYERS = [
    "base", "json", "telemetry", "unicode", "tokenizer", "tensor", "kernels",
    "model", "engine", "api", "service", "server", "hub", "app",
]  # fmt: skip

# First part of a third-party header -> the places (prefixes of paths in src/) that may include it.
WALLS = {
    "boost": ["server/http/"],
    "simdjson.h": ["json/", "tokenizer/", "tensor/", "model/", "hub/", "server/http/"],
    "CLI": ["app/"],
    "spdlog": ["base/log.cc"],
    "nghttp2": ["server/http/"],
    "openssl": ["server/http/"],
    "pcre2.h": ["tokenizer/patterns/"],
    "benchmark": ["bench/"],
}
# Headers of the C library and the kernel, and instruction sets, which only kernels/ may use.
SYSTEM = re.compile(
    r"(sys|linux|netinet|arpa|asm|net)/[\w/]+\.h|"
    r"(unistd|fcntl|signal|pthread|sched|poll|errno|malloc|dirent|time|netdb|dlfcn|limits|stdlib|string|fenv)\.h"
)
INTRINSICS = re.compile(r"(\w*intrin|cpuid|arm_neon|arm_sve)\.h")
STANDARD = re.compile(r"[a-z_0-9]+")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
ENVIRONMENT = re.compile(r"\b(getenv|secure_getenv|setenv|putenv|environ)\b")


def is_test(path):
    return path.stem.endswith("_test") or "test" in path.stem.split("_")


def check_project_include(relative, target):
    layer, _, rest = target.partition("/")
    if not rest:
        return f'"{target}" has no folder: includes are written from src/'
    if layer not in LAYERS:
        return f'"{target}" is in no known folder'
    own = relative.parts[0]
    if LAYERS.index(layer) > LAYERS.index(own):
        return f'"{target}": {own}/ may not include {layer}/, which stands above it'
    return None


def check_system_include(relative, target):
    name = relative.as_posix()
    first = target.partition("/")[0]
    if first in WALLS:
        allowed = WALLS[first]
        if not any(name.startswith(prefix) for prefix in allowed):
            return f"<{target}>: only {', '.join(allowed)} may include it"
        return None
    if first == "fmt":
        return None if relative.suffix == ".cc" else f"<{target}>: fmt belongs in .cc files"
    if first in ("gtest", "gmock"):
        return None if is_test(relative) else f"<{target}>: only tests may include it"
    if INTRINSICS.fullmatch(target):
        return None if relative.parts[0] == "kernels" else f"<{target}>: only kernels/ may include it"
    if SYSTEM.fullmatch(target) or STANDARD.fullmatch(target):
        return None
    return f"<{target}>: an unknown third-party header; give it a wall in tools/check_layers.py"


def check_file(path, source_root):
    relative = path.relative_to(source_root)
    if relative.parts[0] not in LAYERS:
        yield f"{path}:1: {relative.parts[0]}/ is no known folder"
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = None
        if match := INCLUDE.match(line):
            check = check_project_include if match[1] == '"' else check_system_include
            found = check(relative, match[2])
        elif relative.parts[0] != "app" and not is_test(relative) and ENVIRONMENT.search(line.partition("//")[0]):
            found = "the environment is read only in app/"
        if found:
            yield f"{path}:{number}: {found}"


def types_of(text):
    """The types that a header defines, with their namespace and line."""
    namespaces = []
    for number, line in enumerate(text.splitlines(), start=1):
        if opened := re.match(r"namespace ([\w:]*)\s*\{", line):
            namespaces.append(opened[1])
        elif line.startswith("}  // namespace") and namespaces:
            namespaces.pop()
        elif defined := re.match(r"(?:struct|class|enum class|union) (?:\[\[\w+\]\] )?(\w+)(?: final)?\s*(?::[^:].*)?\{", line):
            yield "::".join([*namespaces, defined[1]]), number


def check_names(headers):
    first = {}
    for path in headers:
        for name, number in types_of(path.read_text()):
            if name in first:
                yield f"{path}:{number}: {name} is defined in {first[name]}, too"
            first.setdefault(name, f"{path}:{number}")


def check_tree(source_root):
    files = sorted(p for p in source_root.rglob("*") if p.suffix in (".h", ".cc"))
    problems = [problem for path in files for problem in check_file(path, source_root)]
    return problems + list(check_names(p for p in files if p.suffix == ".h")), len(files)


SELF_TEST = [
    # (file, content, number of violations)
    ("base/a.cc", '#include "base/a.h"\n#include <vector>\n#include <sys/mman.h>\n', 0),
    ("base/b.cc", '#include "model/model.h"\n', 1),
    ("server/http/c.cc", "#include <boost/asio.hpp>\n#include <simdjson.h>\n", 0),
    ("server/d.cc", "#include <boost/asio.hpp>\n", 1),
    ("engine/e.cc", "#include <simdjson.h>\n#include <CLI/CLI.hpp>\n", 2),
    ("engine/f.h", "#include <fmt/format.h>\n", 1),
    ("engine/g.cc", "#include <fmt/format.h>\n#include <immintrin.h>\n", 1),
    ("base/log.cc", "#include <spdlog/spdlog.h>\n", 0),
    ("base/other.cc", "#include <spdlog/spdlog.h>\n", 1),
    ("model/h.cc", "#include <gtest/gtest.h>\n", 1),
    ("model/h_test.cc", '#include <gmock/gmock.h>\n#include "base/result.h"\n', 0),
    ("model/i.cc", "#include <openssl/ssl.h>\n", 1),
    ("hub/j.cc", 'auto x = std::getenv("HF_HOME");  // no\n// getenv in a comment\n', 1),
    ("app/k.cc", 'auto x = std::getenv("HF_HOME");\n', 0),
    ("model/l.cc", '#include "registry.h"\n', 1),
    ("unknown/m.cc", "\n", 1),
]

SELF_TEST_NAMES = [
    # (headers, number of violations)
    (["namespace embd {\nstruct A {\n};\n}  // namespace embd\n", "namespace embd {\nclass A final : B {\n"], 1),
    (["namespace embd {\nstruct A {\n};\n}  // namespace embd\n", "namespace embd::http {\nstruct A {\n"], 0),
    (["namespace embd {\nstruct A {\n", "namespace embd {\nstruct A;\n"], 0),
]


def self_test():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, content, expected in SELF_TEST:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            found = list(check_file(path, pathlib.Path(folder)))
            if len(found) != expected:
                failures += 1
                print(f"self-test: {name}: expected {expected} violations, found {found}")
        for case, (headers, expected) in enumerate(SELF_TEST_NAMES):
            paths = [pathlib.Path(folder) / f"names{case}_{i}.h" for i in range(len(headers))]
            for path, content in zip(paths, headers):
                path.write_text(content)
            found = list(check_names(paths))
            if len(found) != expected:
                failures += 1
                print(f"self-test: names {case}: expected {expected} violations, found {found}")
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test() else 0)
    problems, count = check_tree(ROOT / "src")
    print("\n".join(problems) if problems else f"check_layers: {count} files in order")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
