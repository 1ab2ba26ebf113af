# SPDX-License-Identifier: Apache-2.0
"""Does an implementation of PolyReLU or PolyNorm compute what PolyCom defines? See docs/conformance.md.

    python -m nwidth.conformance my_package.activations:PolyNorm

or, in a test of one's own,

    from nwidth.conformance import Subject, check
    report = check(Subject(PolyNorm, "polynorm"))
    assert report.conforms, report.table()
"""

from .report import DTYPES, Report, check
from .subject import BadInput, Subject, Unavailable

__all__ = ["DTYPES", "BadInput", "Report", "Subject", "Unavailable", "check"]
