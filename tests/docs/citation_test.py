# SPDX-License-Identifier: Apache-2.0
"""CITATION.cff is valid and of the project's version; the licence is the one that the SPDX lines name."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def field(name):
    found = re.search(rf'^{name}: *"?([^"\n]+)"?$', text("CITATION.cff"), re.MULTILINE)
    return found and found.group(1).strip()


class Citation(unittest.TestCase):
    def test_version_is_the_projects(self):
        project = re.search(r"^project\(nwidth VERSION ([0-9.]+)", text("CMakeLists.txt"), re.MULTILINE).group(1)
        self.assertEqual(project, field("version"))
        self.assertIn(f"## [{project}]", text("CHANGELOG.md"))

    def test_licence(self):
        self.assertEqual("Apache-2.0", field("license"))
        self.assertIn("Apache License\n                           Version 2.0, January 2004", text("LICENSE"))

    def test_is_valid(self):
        program = shutil.which("cffconvert", path=str(ROOT / ".venv/bin")) or shutil.which("cffconvert")
        if not program:
            self.skipTest("cffconvert is not installed; ./dev test installs it in .venv")
        run = subprocess.run([program, "--validate"], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(0, run.returncode, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
