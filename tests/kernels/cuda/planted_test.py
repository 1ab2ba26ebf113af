# SPDX-License-Identifier: Apache-2.0
"""Defects planted in copies of the CUDA sources: the host runs must find each, and find nothing in the sources.

A detector is a build and what it says: `results` compares with the formula in three orders of the threads, `address` is
AddressSanitizer with UBSan's bounds and alignment, `thread` is ThreadSanitizer, to which a barrier orders memory and a
shuffle does not. The scheduler itself (host_grid.hpp) reports barriers and shuffles that not all threads reach.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[3]
HERE = "tests/kernels/cuda"
BUILD = os.environ.get("NWIDTH_BUILD", ROOT / "build/release")
SCHEDULER = Path(BUILD) / HERE / "libnwidth_host_grid.a"
COMPILER = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
HEADERS = os.environ.get("NWIDTH_CUDA_INCLUDE", "/usr/local/cuda/include")
FLAGS = ["-std=c++20", "-g", "-O0", "-Wno-unknown-pragmas", "-fno-strict-aliasing", "-ffp-contract=off"]
DETECTORS = {
    "results": [],
    "address": ["-fsanitize=address,bounds,alignment", "-fno-sanitize-recover=all"],
    "thread": ["-fsanitize=thread"],
}
ORDERS = {"wrong ascending", "wrong descending", "wrong random"}


def run(program):
    """(exit status, everything it said) of a program, under fixed addresses where ThreadSanitizer needs them."""
    command = [program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if "unexpected memory mapping" in done.stderr:
        command = ["setarch", "-R", program]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    return done.returncode, done.stdout + done.stderr


@unittest.skipUnless(SCHEDULER.exists(), f"no {SCHEDULER}: CUDA's headers or Boost.Context were missing")
class Planted(unittest.TestCase):
    def build_and_run(self, detector, edits, driver="planted.cpp", sources=()):
        """edits: (file in kernels/cuda, text that stands there once, text in its place)."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "kernels/cuda", f"{folder}/kernels/cuda")
            for name, old, new in edits:
                file = Path(folder) / "kernels/cuda" / name
                text = file.read_text(encoding="utf-8")
                self.assertEqual(text.count(old), 1, f"{name} has changed; it holds not once: {old}")
                file.write_text(text.replace(old, new), encoding="utf-8")
            command = [COMPILER, *FLAGS, *DETECTORS[detector], f"-I{folder}", f"-I{ROOT}", "-isystem", HEADERS]
            command += ["-x", "c++", f"{ROOT}/{HERE}/{driver}", *(f"{folder}/kernels/cuda/{s}" for s in sources)]
            command += ["-x", "none", str(SCHEDULER), "-lboost_context", "-o", f"{folder}/program"]
            built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
            self.assertEqual(built.returncode, 0, built.stderr)
            return run(f"{folder}/program")

    def wrong_orders(self, *edit):
        status, said = self.build_and_run("results", [edit])
        self.assertEqual(status, 1, said)
        return set(said.split("\n")) & ORDERS

    def assert_found(self, detector, pattern, *edit):
        status, said = self.build_and_run(detector, [edit])
        self.assertNotEqual(status, 0, f"{detector} let it pass")
        self.assertRegex(said, pattern)

    def clean(self, detector):
        status, said = self.build_and_run(detector, [])
        self.assertEqual((status, said), (0, ""))
        if detector == "results":  # test_cuda_on_host has those of the other kernels
            return
        sources = [p.name for p in sorted((ROOT / "kernels/cuda").glob("*.cu"))]
        status, said = self.build_and_run(detector, [], "everything.cpp", sources)
        self.assertEqual((status, said), (0, ""))

    def test_nothing_is_found_in_results_of_the_sources(self):
        self.clean("results")

    def test_nothing_is_found_by_address_in_the_sources(self):
        self.clean("address")

    def test_nothing_is_found_by_thread_in_the_sources(self):
        self.clean("thread")

    # The barrier between writing the sums of warps and reading them.
    sums, barrier = "part[q][warp] = v[q];\n", "  __syncthreads();"
    first_barrier = ("block.hpp", sums + barrier, sums)

    def test_first_barrier_removed_gives_wrong_results_in_every_order(self):
        self.assertEqual(self.wrong_orders(*self.first_barrier), ORDERS)

    def test_first_barrier_removed_is_a_race(self):
        self.assert_found("thread", r"data race[\s\S]*block\.hpp", *self.first_barrier)

    # The barrier between reading them and the next row's writing: only blocks with several rows need it.
    trailing_barrier = ("block.hpp", "__syncthreads();  // part is written again for the next row", "")

    def test_trailing_barrier_removed_gives_wrong_results_in_both_fixed_orders(self):
        self.assertGreaterEqual(self.wrong_orders(*self.trailing_barrier), ORDERS - {"wrong random"})

    def test_trailing_barrier_removed_is_a_race(self):
        self.assert_found("thread", r"data race[\s\S]*block\.hpp", *self.trailing_barrier)

    def test_static_shared_array_too_short_names_its_line(self):
        edit = ("block.hpp", "__shared__ float part[Q][warps_at_most];", "__shared__ float part[Q][4];")
        self.assert_found("address", r"block\.hpp:\d+:\d+: runtime error: index 4 out of bounds", *edit)

    def test_dynamic_shared_index_beyond_the_row_names_its_line(self):
        edit = ("polynorm.cu", "row[cached + i] = q;", "row[cached + i + 1] = q;")
        self.assert_found("address", r"heap-buffer-overflow[\s\S]*polynorm\.cu", *edit)

    def test_dynamic_shared_memory_of_too_few_bytes_names_the_line(self):
        edit = ("rows.hpp", "cached, one * static_cast<std::size_t>(cached)}", "cached, one * (cached - 1UL)}")
        self.assert_found("address", r"heap-buffer-overflow[\s\S]*polynorm\.cu", *edit)

    def test_misaligned_rows_taken_for_aligned_name_the_line(self):
        edit = ("elementwise.hpp", "sizeof(E) % 16 == 0 &&", "sizeof(E) % 16 < 16 &&")
        self.assert_found("address", r"(load of|reference binding to) misaligned address", *edit)

    def test_barrier_that_only_some_threads_reach_stops_the_run(self):
        edit = ("block.hpp", self.sums + self.barrier, self.sums + "if (warp < 3)" + self.barrier)
        self.assert_found(
            "results", "host grid: (threads of one block wait at different barriers|a barrier is not)", *edit
        )

    def test_shuffle_that_only_some_lanes_reach_stops_the_run(self):
        edit = ("block.hpp", "group_sum<Q>(v, groups);", "if (lane < 16) group_sum<Q>(v, groups);")
        self.assert_found("results", "host grid: (lanes of one warp|a barrier is not reached)", *edit)

    def test_wrong_lane_in_the_butterfly_gives_wrong_results(self):
        edit = (
            "block.hpp",
            "v[q] += __shfl_xor_sync(0xffffffffU, v[q], k);\n  if (lane == 0)",
            "v[q] += __shfl_xor_sync(0xffffffffU, v[q], k ^ 1);\n  if (lane == 0)",
        )
        self.assertEqual(self.wrong_orders(*edit), ORDERS)

    def test_wrong_lane_among_the_sums_of_warps_gives_wrong_results(self):
        edit = (
            "block.hpp",
            "(lane & (groups - 1)) < warps ? part[q][lane & (groups - 1)]",
            "lane < warps ? part[q][lane]",
        )
        self.assertEqual(self.wrong_orders(*edit), ORDERS)


if __name__ == "__main__":
    unittest.main()
