# SPDX-License-Identifier: Apache-2.0
"""Objects for one instruction set share no function with others: a linker could take AVX-512 code for every machine."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

OBJECTS = Path(os.environ.get("NWIDTH_BUILD", "build/release"), "kernels/CMakeFiles/nwidth_kernels.dir/cpu")
ISAS = ["baseline", "avx2", "avx512", "avx512bf16"]


def symbols(path):
    """Pairs (kind, name) of what nm prints."""
    run = subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        yield line[17], line[19:]


@unittest.skipIf(shutil.which("nm") is None, "no nm")
class Objects(unittest.TestCase):
    def test_define_their_table_alone(self):
        tables = {"isa": "table", "elementwise": "elementwise", "gated": "gated", "layer": "layer"}
        found = [(f"{table}_{isa}", OBJECTS / f"{file}_{isa}.cpp.o") for isa in ISAS for file, table in tables.items()]
        found = [(table, path) for table, path in found if path.exists()]
        if not found:
            self.skipTest(f"no objects in {OBJECTS}")
        for table, path in found:
            with self.subTest(table=table):
                shared = [name for kind, name in symbols(path) if kind in "TDRBVWu" and "san" not in name]
                self.assertEqual([f"nwidth::kernels::cpu::{table}"], shared)


if __name__ == "__main__":
    unittest.main()
