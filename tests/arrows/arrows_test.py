# SPDX-License-Identifier: Apache-2.0
"""The tree keeps the arrows, and the check of it finds planted faults."""

import tempfile
import unittest
from pathlib import Path

import arrows

ROOT = Path(__file__).resolve().parents[2]


def planted(files):
    """The faults of a small tree, {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return arrows.faults(Path(folder))[0]


class Tree(unittest.TestCase):
    def test_keeps_the_arrows(self):
        found, includes = arrows.faults(ROOT)
        self.assertEqual([], found)
        self.assertGreater(includes, 20)  # it has read something


class PlantedFaults(unittest.TestCase):
    def check(self, where, include, wrong):
        header = include.strip('<>"')
        files = {where: f"#pragma once\n#include {include}\n"}
        if include.startswith('"') and header != "missing.hpp":
            files[header] = "#pragma once\n"
        found = planted(files)
        self.assertEqual(len(found), 1 if wrong else 0, f"{where} includes {include}: {found}")
        if wrong:
            self.assertTrue(found[0].startswith(where + ": #include"), found[0])

    def test_forbidden_arrows_are_found(self):
        for where, include in [
            ("kernels/activation/a.hpp", '"theory/number/rational.hpp"'),
            ("kernels/activation/a.hpp", '"kernels/cpu/row.hpp"'),
            ("kernels/cpu/a.cpp", '"theory/network/network.hpp"'),
            ("theory/number/a.hpp", '"theory/network/network.hpp"'),
            ("theory/number/a.hpp", '"kernels/cpu/row.hpp"'),
            ("theory/network/a.hpp", '"theory/target/target.hpp"'),
            ("theory/target/a.cpp", '"theory/construct/gadgets.hpp"'),
            ("theory/width/a.hpp", '"theory/certify/sup_norm.hpp"'),
            ("theory/width/a.hpp", '"theory/target/target.hpp"'),
            ("theory/construct/a.cpp", '"theory/certify/sup_norm.hpp"'),
            ("theory/certify/a.cpp", '"theory/construct/gadgets.hpp"'),
            ("theory/certify/a.cpp", '"experiments/record/record.hpp"'),
            ("theory/certify/a.cpp", '"fitting/remez.hpp"'),
            ("theory/number/a.cpp", '"tests/random.hpp"'),
            ("fitting/a.cpp", '"experiments/record/record.hpp"'),
            ("fitting/a.cpp", '"kernels/cpu/row.hpp"'),
            ("experiments/a.cpp", '"tests/random.hpp"'),
        ]:
            with self.subTest(where=where, include=include):
                self.check(where, include, wrong=True)

    def test_forbidden_libraries_are_found(self):
        for where, include in [
            ("kernels/activation/a.hpp", "<boost/multiprecision/gmp.hpp>"),
            ("kernels/cpu/a.cpp", "<Eigen/Core>"),
            ("kernels/cpu/a.cpp", "<ceres/jet.h>"),
            ("kernels/activation/a.hpp", "<mpfr.h>"),
            ("kernels/activation/a.hpp", "<arb.h>"),
            ("kernels/activation/a.hpp", "<flint/flint.h>"),
            ("theory/number/a.hpp", "<ceres/ceres.h>"),
            ("theory/network/a.hpp", "<nlohmann/json.hpp>"),
            ("theory/network/a.cpp", "<torch/torch.h>"),
            ("theory/network/a.cpp", "<gtest/gtest.h>"),
            ("theory/network/a.cpp", "<theory/number/ball.hpp>"),
            ("theory/network/a.cpp", "<nwidth/theory/number/ball.hpp>"),
            ("theory/network/a.cpp", '"missing.hpp"'),
            ("theory/network/a.cpp", "MACRO"),
        ]:
            with self.subTest(where=where, include=include):
                self.check(where, include, wrong=True)

    def test_allowed_arrows_pass(self):
        for where, include in [
            ("theory/number/a.hpp", '"kernels/activation/scalar.hpp"'),
            ("theory/construct/a.hpp", '"theory/width/perfect_spline.hpp"'),
            ("theory/target/a.cpp", '"theory/width/perfect_spline.hpp"'),
            ("theory/certify/a.hpp", '"theory/target/target.hpp"'),
            ("theory/network/a.cpp", "<nlohmann/json.hpp>"),
            ("theory/number/a.hpp", "<arb.h>"),
            ("experiments/record/a.cpp", '"theory/certify/sup_norm.hpp"'),
            ("tests/theory/a.cpp", '"theory/certify/sup_norm.hpp"'),
            ("tests/theory/a.cpp", "<gtest/gtest.h>"),
            ("theory/number/a.hpp", "<vector>"),
        ]:
            with self.subTest(where=where, include=include):
                self.check(where, include, wrong=False)

    def test_spaces_and_comments(self):
        self.assertEqual([], planted({"kernels/a.hpp": "// #include <boost/x.hpp>\n"}))
        self.assertEqual(1, len(planted({"kernels/a.hpp": "  #  include   <boost/x.hpp>\n"})))

    def test_unknown_folder_of_theory_is_found(self):
        self.assertEqual(
            ["theory/new/a.hpp: lies in no folder that the arrows know"], planted({"theory/new/a.hpp": ""})
        )


if __name__ == "__main__":
    unittest.main()
