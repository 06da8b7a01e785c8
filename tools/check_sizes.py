#!/usr/bin/env python3
"""Checks that C++ files stay small: headers up to 200 lines, sources up to 500.

A file that is longer for a reason says so in a comment among its first 15 lines: "// Size: <reason>".
Generated tables (first line "// Generated ...") are exempt. Functions are checked by clang-tidy
(readability-function-size). Prints one line per violation, exits 1 if there are any.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMITS = {".h": 200, ".cc": 500}
REASON = re.compile(r"^// Size: \S+ \S+")


def violation(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    limit = LIMITS[path.suffix]
    if len(lines) <= limit or lines[0].startswith("// Generated "):
        return None
    if any(REASON.match(line) for line in lines[:15]):
        return None
    name = path.relative_to(ROOT)
    return f"{name}: {len(lines)} lines, expected at most {limit} (split it, or say why: // Size: <reason>)"


def main():
    files = [p for folder in ("src", "bench", "tests") for p in (ROOT / folder).rglob("*") if p.suffix in LIMITS]
    problems = [problem for path in sorted(files) if (problem := violation(path))]
    print("\n".join(problems) if problems else f"check_sizes: {len(files)} files within their limits")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
