# SPDX-License-Identifier: Apache-2.0
"""Objects for one instruction set share no function with others: a linker could choose AVX-512 code for all machines."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

OBJECTS = Path(os.environ.get("NWIDTH_BUILD", "build/release"), "kernels/CMakeFiles/nwidth_kernels.dir/cpu")
ISAS = ["baseline", "avx2", "avx512"]


def symbols(path):
    """Pairs (kind, name) of what nm prints."""
    run = subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        yield line[17], line[19:]


@unittest.skipIf(shutil.which("nm") is None, "no nm")
class Objects(unittest.TestCase):
    def test_define_their_table_alone(self):
        found = [(isa, OBJECTS / f"isa_{isa}.cpp.o") for isa in ISAS]
        found = [(isa, path) for isa, path in found if path.exists()]
        if not found:
            self.skipTest(f"no objects in {OBJECTS}")
        for isa, path in found:
            with self.subTest(isa=isa):
                shared = [name for kind, name in symbols(path) if kind in "TDRBVWu" and "san" not in name]
                self.assertEqual([f"nwidth::kernels::cpu::table_{isa}"], shared)


if __name__ == "__main__":
    unittest.main()
