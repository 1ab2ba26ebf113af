# SPDX-License-Identifier: Apache-2.0
"""Does an implementation of PolyReLU or PolyNorm compute what PolyCom defines? See docs/conformance.md.

    python -m nwidth.conformance my_package.activations:PolyNorm

or, in a test of one's own,

    from nwidth.conformance import Subject, check
    report = check(Subject(PolyNorm, "polynorm"))
    assert report.conforms, report.table()
"""

import importlib

_HOME = {
    "DTYPES": "report",
    "Report": "report",
    "check": "report",
    "BadInput": "subject",
    "Subject": "subject",
    "Unavailable": "subject",
}
__all__ = ["DTYPES", "BadInput", "Report", "Subject", "Unavailable", "check"]


def __getattr__(name):
    """Late, so that the generator and --help do without PyTorch."""
    if name not in _HOME:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
