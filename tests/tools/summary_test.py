# SPDX-License-Identifier: Apache-2.0
"""The closing line counts what ctest and pytest report, and nothing that failed is lost."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import summary

CTEST = """<?xml version="1.0"?><testsuite name="Linux" tests="4" failures="1" disabled="1" skipped="1">
<testcase name="a" status="run"/><testcase name="b" status="fail"><failure message="Failed"/></testcase>
<testcase name="c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
<testcase name="d" status="disabled"/></testsuite>"""
PYTEST = """<testsuites><testsuite errors="1" failures="0" skipped="1" tests="4">
<testcase name="a"/><testcase name="b"/><testcase name="c"><error message="setup"/></testcase>
<testcase name="d"><skipped/></testcase></testsuite></testsuites>"""
GOOD = '<testsuite><testcase name="a" status="run"/></testsuite>'
NONE = "<testsuite/>"


def close(*reports):
    """The closing line and the exit code for the texts of some reports."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        paths = [Path(folder, f"{i}.xml") for i in range(len(reports))]
        for path, text in zip(paths, reports, strict=True):
            path.write_text(text, encoding="utf-8")
        code = summary.main(paths)
    return out.getvalue().rstrip("\n").split("\n")[-1], code


class ClosingLine(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(("1 passed, 1 failed, 2 skipped", 1), close(CTEST))
        self.assertEqual(("2 passed, 1 failed, 1 skipped", 1), close(PYTEST))
        self.assertEqual(("3 passed, 2 failed, 3 skipped", 1), close(CTEST, PYTEST))
        self.assertEqual(("2 passed, 0 failed", 0), close(GOOD, GOOD))
        self.assertEqual(("1 passed, 0 failed", 0), close(GOOD, NONE))

    def test_nothing_run_is_no_success(self):
        self.assertEqual(("0 passed, 0 failed", 1), close(NONE))
        self.assertEqual(("0 passed, 0 failed", 1), close())

    def test_a_broken_report_is_a_failure(self):
        self.assertEqual(("1 passed, 1 failed", 1), close(GOOD, CTEST[:100]))


if __name__ == "__main__":
    unittest.main()
