# SPDX-License-Identifier: Apache-2.0
"""What nvcc makes of the CUDA sources: nothing in local memory on any architecture that we build for."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[3]
NVCC = shutil.which("nvcc") or next((str(p) for p in [Path("/usr/local/cuda/bin/nvcc")] if p.exists()), None)
ARCHITECTURES = ["sm_80", "sm_90", "sm_100"]
STATIC_SHARED = 1024 * int(
    re.search(r"static_shared_at_most = (\d+) \* 1024;", (ROOT / "kernels/cuda/grid.hpp").read_text()).group(1)
)


@unittest.skipUnless(NVCC, "no nvcc: the CUDA sources are not compiled")
class Compiled(unittest.TestCase):
    def test_has_no_stack_frame_no_spills_and_as_much_static_shared_memory_as_launches_count_on(self):
        for source in sorted((ROOT / "kernels/cuda").glob("*.cu")):
            with self.subTest(source.name), tempfile.TemporaryDirectory() as folder:
                flags = [f"-gencode=arch=compute_{a[3:]},code={a}" for a in ARCHITECTURES]
                command = [NVCC, "-std=c++20", "-O3", f"-I{ROOT}", *flags, "-Xptxas", "-v", "-c", str(source)]
                run = subprocess.run([*command, "-o", f"{folder}/x.o"], capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 0, run.stderr)
                kernels = re.findall(r"Compiling entry function '(\w+)' for '(sm_\d+)'", run.stderr)
                frames = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill", run.stderr)
                self.assertEqual({a for _, a in kernels}, set(ARCHITECTURES))
                self.assertGreaterEqual(len(frames), len(kernels))
                self.assertEqual(set(frames), {("0", "0", "0")}, run.stderr)
                static = re.findall(r"(\d+) bytes smem", run.stderr)
                self.assertLessEqual(max(map(int, static), default=0), STATIC_SHARED, run.stderr)


if __name__ == "__main__":
    unittest.main()
