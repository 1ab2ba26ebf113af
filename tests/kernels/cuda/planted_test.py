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
    sums, barrier = "part[warp][lane / each] = mine;\n", "  __syncthreads();"
    first_barrier = ("block.hpp", sums + barrier, sums)

    def test_first_barrier_removed_gives_wrong_results_in_every_order(self):
        self.assertEqual(self.wrong_orders(*self.first_barrier), ORDERS)

    def test_first_barrier_removed_is_a_race(self):
        self.assert_found("thread", r"data race[\s\S]*block\.hpp", *self.first_barrier)

    def test_copy_that_is_not_awaited_gives_wrong_results_where_copies_come_late(self):
        edit = ("rowwise.hpp", "  await_copies();\n", "")
        self.assertEqual(self.wrong_orders(*edit), {"wrong descending", "wrong random"})

    def test_elements_of_the_rows_beside_it_in_the_sums_give_wrong_results(self):
        edit = ("rows.hpp", "    if (whole(i)) return;\n", "    return;\n")
        self.assertEqual(self.wrong_orders(*edit), ORDERS)

    def test_elements_of_the_rows_beside_it_written_are_out_of_bounds(self):
        edit = ("rows.hpp", "if (has(i, k)) elements[k] = p[j].get(k);", "elements[k] = p[j].get(k);")
        self.assert_found("address", r"heap-buffer-overflow[\s\S]*rows\.hpp", *edit)

    def test_packs_beyond_the_array_read_are_out_of_bounds(self):
        edit = ("rows.hpp", "return whole(i) || (begin + i * V >= 0 && (i + 1) * V <= left);", "return true;")
        self.assert_found("address", r"heap-buffer-overflow[\s\S]*(grid|rows)\.hpp", *edit)

    def test_static_shared_array_too_short_names_its_line(self):
        edit = ("block.hpp", "__shared__ float part[warps_at_most][N];", "__shared__ float part[4][N];")
        self.assert_found("address", r"block\.hpp:\d+:\d+: runtime error: index 4 out of bounds", *edit)

    def test_dynamic_shared_index_beyond_the_row_names_its_line(self):
        edit = ("rowwise.hpp", "held[j * cached + i];\n    outputs", "held[j * cached + i + 1];\n    outputs")
        self.assert_found("address", r"heap-buffer-overflow[\s\S]*rowwise\.hpp", *edit)

    def test_dynamic_shared_memory_of_too_few_bytes_names_the_line(self):
        edit = ("rows.hpp", "one * static_cast<std::size_t>(cached)}", "one * (static_cast<std::size_t>(cached) - 1)}")
        self.assert_found("address", r"heap-buffer-overflow[\s\S]*row(wise|s)\.hpp", *edit)

    def test_misaligned_rows_taken_for_aligned_name_the_line(self):
        edit = ("rowwise.hpp", "if (alike && whole)", "if (alike && first == 0)")
        self.assert_found("address", r"(load of|store to|reference binding to) misaligned address", *edit)

    def test_barrier_that_only_some_threads_reach_stops_the_run(self):
        edit = ("block.hpp", self.sums + self.barrier, self.sums + "if (warp < 3)" + self.barrier)
        self.assert_found(
            "results", "host grid: (threads of one block wait at different barriers|a barrier is not)", *edit
        )

    last_sum = "for (int k = N; k < 32; k *= 2) mine +="

    def test_shuffle_that_only_some_lanes_reach_stops_the_run(self):
        edit = ("block.hpp", self.last_sum, "if (lane < 16)\n" + self.last_sum)
        self.assert_found("results", "host grid: (lanes of one warp|a barrier is not reached)", *edit)

    def test_wrong_lane_in_the_butterfly_gives_wrong_results(self):
        edit = ("block.hpp", "upper ? a[j] : a[j + n], k)", "upper ? a[j] : a[j + n], k / 2)")
        self.assertEqual(self.wrong_orders(*edit), ORDERS)

    def test_wrong_lane_among_the_sums_of_warps_gives_wrong_results(self):
        edit = ("block.hpp", "__shfl_sync(0xffffffffU, mine, q);", "__shfl_sync(0xffffffffU, mine, q ^ 1);")
        self.assertEqual(self.wrong_orders(*edit), ORDERS)


if __name__ == "__main__":
    unittest.main()
