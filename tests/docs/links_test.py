# SPDX-License-Identifier: Apache-2.0
"""Links of the documents lead to files and headings that exist."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^()\s]+)\)")


def headings(document):
    """The anchors of a document's headings, as forges make them."""
    names = re.findall(r"^#+ +(.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", name.lower()).strip().replace(" ", "-") for name in names}


def broken(document):
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue  # the net is out of reach of a test
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists():
            yield f"{document.relative_to(ROOT)}: {target}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in headings(file):
            yield f"{document.relative_to(ROOT)}: {target}: no such heading"


class Links(unittest.TestCase):
    def test_lead_somewhere(self):
        self.assertIn(ROOT / "README.md", DOCUMENTS)
        self.assertEqual([], [fault for document in DOCUMENTS for fault in broken(document)])


if __name__ == "__main__":
    unittest.main()
