# SPDX-License-Identifier: Apache-2.0
"""The examples of README.md: the library's is a program of the tests, and the commands run as they stand there."""

import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("NWIDTH_BUILD", ROOT / "build/release"), "bin/nwidth")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands():
    """The lines of README's shell blocks that call nwidth, without the long `nwidth rates`."""
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        for line in block.split("\n"):
            if line.startswith("nwidth ") and not line.startswith("nwidth rates"):
                yield shlex.split(line, comments=True)


class Readme(unittest.TestCase):
    def test_library_example_is_the_tested_program(self):
        examples = re.findall(r"<!-- example: (\S+) -->\n+```cpp\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
        self.assertEqual(1, len(examples))
        path, shown = examples[0]
        program = (ROOT / path).read_text(encoding="utf-8")
        self.assertEqual(program.split("\n", 1)[1], shown)

    def test_commands_run(self):
        if not PROGRAM.exists():
            self.skipTest(f"{PROGRAM} is not built")
        lines = list(commands())
        self.assertGreater(len(lines), 4)
        with tempfile.TemporaryDirectory() as folder:
            for line in lines:
                run = subprocess.run(
                    [PROGRAM, *line[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=100
                )
                self.assertEqual(0, run.returncode, f"{shlex.join(line)}: {run.stdout}{run.stderr}")
                self.assertTrue(run.stdout, shlex.join(line))


if __name__ == "__main__":
    unittest.main()
