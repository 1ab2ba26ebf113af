# SPDX-License-Identifier: Apache-2.0
"""Holds docs/theorems.md and docs/references.bib against the tags in the sources.

A row of the index reads `| `key, number` | statement | [`function`](header) ... | [test](file) ... | figure |`. Each
tag @theorem{key, number} of a source has one row and each row a tag; the row links every header that has the tag by a
function which stands there, and a test that names one of these functions; its figure is a link or "-". Each key of a
tag and of @cite is in the bibliography, and each entry of the bibliography is cited.
"""

import re

SOURCES = ["kernels", "theory", "fitting", "experiments"]
TAG = re.compile(r"@theorem\{\s*(\w+)\s*,\s*([^}]+?)\s*\}")
CITE = re.compile(r"@cite\s+(\w+)|\[([a-z]+\d{4}[a-z]*)(?=[],])")  # also [key, Theorem 1] inside a proof
ROW = re.compile(r"^\| `(\w+), ([^`]+)` \|(.*)\|$", re.MULTILINE)
CELL = re.compile(r"(?<!\\)\|")  # bars of formulas are written \|
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
ENTRY = re.compile(r"^@\w+\{(\w+),(.*?)^\}", re.MULTILINE | re.DOTALL)


def sources(root):
    for top in SOURCES:
        for file in sorted((root / top).rglob("*")):
            if file.suffix in {".hpp", ".cpp", ".cu", ".cuh", ".py"}:
                yield file, file.read_text(encoding="utf-8")


def has_word(text, word):
    return re.search(rf"\b{re.escape(word)}\b", text) is not None


def row_faults(docs, tag, cells, files, texts):
    """What is wrong with one row: cells are the statement, the functions, the tests and the figure."""
    if len(cells) != 4:
        yield f"has {len(cells) + 1} cells, 5 are wanted"
        return
    statement, functions, tests, figure = cells
    if not statement:
        yield "has no statement"
    names, linked = [], set()
    for name, path in LINK.findall(functions):
        name, header = name.strip("`"), (docs / path).resolve()
        names.append(name)
        linked.add(header)
        if header not in files:
            yield f"{path} has no tag @theorem{{{tag}}}"
        elif not has_word(texts[header], name):
            yield f"{name} does not stand in {path}"
    for file in sorted(files - linked):
        if file.suffix == ".hpp":
            yield f"{file.name} has the tag and is not linked"
    tested = [(docs / path).resolve() for _, path in LINK.findall(tests)]
    for test in tested:
        if not test.is_file():
            yield f"no test {test.name}"
    if not any(has_word(test.read_text(encoding="utf-8"), name) for test in tested if test.is_file() for name in names):
        yield f"no test of the row names {' or '.join(names) or 'its function'}"
    if figure != "-" and not any((docs / path).is_file() for _, path in LINK.findall(figure)):
        yield f"no figure {figure or '(write - where there is none)'}"


def faults(root):
    docs = root / "docs"
    index = (docs / "theorems.md").read_text(encoding="utf-8")
    entries = dict(ENTRY.findall((docs / "references.bib").read_text(encoding="utf-8")))
    texts = {file.resolve(): text for file, text in sources(root)}
    tags, cited = {}, set()
    for file, text in texts.items():
        for key, number in TAG.findall(text):
            tags.setdefault(f"{key}, {number}", set()).add(file)
            cited.add(key)
        cited.update(key for pair in CITE.findall(text) for key in pair if key)
    rows = [(f"{key}, {number}", [c.strip() for c in CELL.split(rest)]) for key, number, rest in ROW.findall(index)]
    found = [f"{tag} has {n} rows" for tag, n in ((t, [r for r, _ in rows].count(t)) for t in sorted(tags)) if n != 1]
    for tag, cells in rows:
        if tag not in tags:
            found.append(f"{tag}: no source has this tag")
        else:
            found += [f"{tag}: {what}" for what in row_faults(docs, tag, cells, tags[tag], texts)]
    found += [f"{key}: cited, but not in references.bib" for key in sorted(cited - set(entries))]
    named = cited | {key for file in root.glob("**/*.md") if ".venv" not in file.parts for key in named_keys(file)}
    found += [f"{key}: in references.bib, but not cited" for key in sorted(set(entries) - named)]
    found += [
        f"{key}: no {field}"
        for key, body in entries.items()
        for field in ("title", "author", "year")
        if not re.search(rf"^\s*{field}\s*=", body, re.MULTILINE)
    ]
    return found, len(tags)


def named_keys(document):
    """Keys that a document names, as `key` or [@key]."""
    return re.findall(r"(?:`|\[@)(\w+)(?:`|\])", document.read_text(encoding="utf-8"))
