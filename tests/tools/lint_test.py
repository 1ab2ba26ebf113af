# SPDX-License-Identifier: Apache-2.0
"""Each house rule that lint checks finds its planted fault, and leaves a good file alone."""

import unittest
from pathlib import Path

import lint

CPP = "// SPDX-License-Identifier: Apache-2.0\n"
SHELL = "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\n"


def faults(name, text):
    return [what for _, what in lint.faults(Path(name), text)]


class Lint(unittest.TestCase):
    def test_good_files_pass(self):
        for name, text in [
            ("a.cpp", CPP + "int x;\n"),
            ("dev", SHELL + "true\n"),
            ("a.py", "# SPDX-License-Identifier: Apache-2.0\n"),
            ("a.md", "x" * 200 + "\n"),
            ("a.cpp", CPP + "\n" * 599),
            ("a.hpp", CPP + "#pragma once\n// \u2264 " + "x" * 115 + "\n"),
        ]:
            self.assertEqual([], faults(name, text), name)

    def test_planted_faults_are_found(self):
        for name, text, words in [
            ("a.cpp", "int x;\n", "first line"),
            ("CMakeLists.txt", "project(x)\n", "first line"),
            ("dev", "#!/usr/bin/env bash\ntrue\n", "first line"),
            ("a.cpp", CPP + "\n" * 600, "601 lines"),
            ("a.hpp", CPP + "int x();\n", "pragma once"),
            ("a.cpp", CPP + "int x;", "no newline"),
            ("a.cpp", CPP + "int x; \n", "blanks"),
            ("a.md", "text \n", "blanks"),
            ("a.cpp", CPP + "\tint x;\n", "a tab"),
            ("a.cpp", CPP + "//" + "x" * 119 + "\n", "121 columns"),
            ("a.md", "well done \U0001f389\n", "emoji"),
        ]:
            found = faults(name, text)
            self.assertTrue(len(found) == 1 and words in found[0], f"{name}, {words}: {found}")


if __name__ == "__main__":
    unittest.main()
