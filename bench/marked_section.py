# SPDX-License-Identifier: Apache-2.0
"""Tables that benchmarks write into documents, between two marks."""


def write(path, begin, end, text):
    """Puts the text, whole lines, in the place of what stands between the marks."""
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{path}: no marks {begin} and {end}")
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
