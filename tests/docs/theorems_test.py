# SPDX-License-Identifier: Apache-2.0
"""The index of theorems and the bibliography agree with the sources, and the check finds planted faults."""

import tempfile
import unittest
from pathlib import Path

import theorems

ROOT = Path(__file__).resolve().parents[2]

GOOD = {
    "theory/width/width.hpp": "/// @theorem{key1969, Theorem 2}  statement. @cite other1970\nint width();\n",
    "tests/theory/width/width_test.cpp": "width();\n",
    "docs/references.bib": "@article{key1969,\n  title = {T},\n  author = {A},\n  year = {1969}\n}\n"
    "@article{other1970,\n  title = {T},\n  author = {A},\n  year = {1970}\n}\n",
    "docs/theorems.md": "| `key1969, Theorem 2` | d = 1 | [`width`](../theory/width/width.hpp) | "
    "[test](../tests/theory/width/width_test.cpp) | - |\n",
}


def planted(**changes):
    """The faults of the small good tree after replacing text: file=(old, new), file by its stem."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in GOOD.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            old, new = changes.get(file.stem, ("", ""))
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
        return theorems.faults(Path(folder))[0]


class Index(unittest.TestCase):
    def test_agrees_with_the_sources(self):
        found, tags = theorems.faults(ROOT)
        self.assertEqual([], found)
        self.assertGreater(tags, 5)  # it has read something


class PlantedFaults(unittest.TestCase):
    def test_the_good_tree_is_good(self):
        self.assertEqual([], planted())

    def test_are_found(self):
        for changes, words in [
            ({"width": ("Theorem 2", "Theorem 3")}, "has 0 rows"),
            ({"theorems": ("| `key", "\n| `key")}, None),
            ({"theorems": ("Theorem 2", "Theorem 3")}, "no source has this tag"),
            ({"theorems": ("d = 1", "")}, "has no statement"),
            ({"theorems": ("d = 1", "|d| = 1")}, "has 7 cells"),
            ({"theorems": ("d = 1", "\\|d\\| = 1")}, None),
            ({"theorems": ("[`width`]", "[`length`]")}, "length does not stand in"),
            ({"theorems": ("width/width.hpp", "width/other.hpp")}, "width.hpp has the tag and is not linked"),
            ({"theorems": ("width_test", "other_test")}, "no test other_test.cpp"),
            ({"width_test": ("width", "length")}, "no test of the row names width"),
            ({"theorems": ("| - |", "| [rates](rates.png) |")}, "no figure"),
            ({"references": ("@article{key1969", "@article{key1968")}, "key1969: cited, but not in references.bib"),
            (
                {"references": ("@article{other1970", "@article{other1971")},
                "other1971: in references.bib, but not cited",
            ),
            ({"references": ("year", "day")}, "key1969: no year"),
            ({"width": ("@cite other1970", "")}, "other1970: in references.bib, but not cited"),
        ]:
            with self.subTest(changes=changes):
                found = planted(**changes)
                if words is None:
                    self.assertEqual([], found)
                else:
                    self.assertTrue(any(words in fault for fault in found), f"{words}: {found}")


if __name__ == "__main__":
    unittest.main()
