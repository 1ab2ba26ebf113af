# SPDX-License-Identifier: Apache-2.0
"""Tables that benchmarks write into documents, between two marks."""

import textwrap


def table(heads, rows):
    """Lines of a table and an empty one."""
    return [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *(f"| {' | '.join(row)} |" for row in rows), ""]


def paragraph(text):
    """Lines of the text, of at most 120 columns, and an empty one."""
    return [textwrap.fill(text, 120), ""]


def write(path, begin, end, text):
    """Puts the text, whole lines, in the place of what stands between the marks."""
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{path}: no marks {begin} and {end}")
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
