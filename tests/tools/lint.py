# SPDX-License-Identifier: Apache-2.0
"""House rules that no formatter checks. Reads file names on stdin, prints what is wrong, exits 1 if anything is."""

import sys
from pathlib import Path

SPDX = "SPDX-License-Identifier: Apache-2.0"
COMMENT = {
    **dict.fromkeys([".hpp", ".cpp", ".cu", ".cuh"], "// "),
    **dict.fromkeys([".py", ".cmake", ".in", ".sh", ".txt", ".toml", ".ini", ".cff"], "# "),
}
NAMED = {"dev": "# ", "run": "# ", ".clang-format": "# ", ".clang-tidy": "# "}
LONGEST_FILE = 600
LONGEST_LINE = 120


def comment(path):
    return NAMED.get(path.name) or COMMENT.get(path.suffix)


def faults(path, text):
    """Pairs (line number, what is wrong) for the text of one file."""
    lines = text.split("\n")
    mark = comment(path)
    if mark:
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if first != mark + SPDX:
            yield 1, f"the first line is to be '{mark}{SPDX}'"
        if len(lines) - 1 > LONGEST_FILE:
            yield len(lines) - 1, f"{len(lines) - 1} lines; a file holds one idea and at most {LONGEST_FILE} lines"
    if path.suffix == ".hpp" and "#pragma once\n" not in text:
        yield 1, "no '#pragma once'"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if mark and "\t" in line:
            yield number, "a tab"
        ours = mark == "# " or line.lstrip().startswith("//")  # of C++ only comments; clang-format sees to the code
        if mark and ours and path.suffix != ".txt" and len(line) > LONGEST_LINE:
            yield number, f"{len(line)} columns; at most {LONGEST_LINE}"
        if any(0x1F000 <= ord(c) <= 0x1FAFF or c == "\ufe0f" for c in line):
            yield number, "an emoji"


def main():
    found = 0
    for name in sys.stdin.read().split("\n"):
        path = Path(name)
        if not name or not path.is_file() or path.name == "LICENSE":
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        for number, what in faults(path, text):
            print(f"{name}:{number}: {what}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
