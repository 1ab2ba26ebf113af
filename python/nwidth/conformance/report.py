# SPDX-License-Identifier: Apache-2.0
"""All checks of a kind, and what they found as a table or as JSON."""

import platform
import textwrap
from dataclasses import dataclass

import torch

from . import checks, layouts, special
from .session import Session, short

SCHEMA = 1
DTYPES = (torch.float32, torch.bfloat16, torch.float64)
_FIRST = (checks.result_type, checks.start, checks.structure("order", "coefficient order"))
_VALUES = (
    checks.values,
    checks.gradient("x"),
    checks.gradient("weight"),
    checks.gradient("bias"),
    checks.bfloat16_powers,
    checks.bfloat16_gradients,
    checks.float64,
)
_LAST = (
    special.large,
    special.overflow,
    special.subnormal,
    special.infinite,
    special.not_a_number,
    layouts.empty,
    layouts.layouts,
    layouts.arguments,
)
CHECKS = {
    "polyrelu": (*_FIRST, checks.structure("formula", "formula"), *_VALUES, special.zero_polyrelu, *_LAST),
    "polynorm": (
        *_FIRST,
        checks.structure("eps", "place of eps"),
        checks.structure("axis", "axis of the mean"),
        checks.structure("formula", "formula"),
        *_VALUES,
        checks.eps_argument,
        special.zero_polynorm,
        *_LAST,
    ),
}


@dataclass
class Report:
    """What was tested, where, and the checks in order."""

    subject: str
    kind: str
    device: str
    dtypes: tuple
    checks: list

    @property
    def conforms(self):
        return all(check.result != "differs" for check in self.checks)

    def __getitem__(self, name):
        return next(check for check in self.checks if check.name == name)

    def record(self):
        """For JSON."""
        return {
            "schema": SCHEMA,
            "subject": self.subject,
            "kind": self.kind,
            "device": self.device,
            "dtypes": [short(t) for t in self.dtypes],
            "torch": torch.__version__,
            "machine": platform.machine(),
            "conforms": self.conforms,
            "checks": [check.record() for check in self.checks],
        }

    def table(self):
        """For people: a line for each check, and below those that differ the likely cause and the first difference."""
        lines = [f"{self.subject} as {self.kind} on {self.device}, torch {torch.__version__}"]
        for check in self.checks:
            worst = "" if check.worst is None else f"  worst error / bound {check.worst:.2g}"
            lines.append(
                f"  {check.name:<20} {check.result.upper() if check.result == 'differs' else check.result}{worst}"
            )
            words = [f"-> {cause}" for cause in check.diagnosis] + ([check.detail] if check.detail else [])
            for part in words:
                lines += textwrap.wrap(part, 116, initial_indent=" " * 6, subsequent_indent=" " * 8)
        counts = {r: sum(c.result == r for c in self.checks) for r in ("pass", "differs", "skipped")}
        verdict = "conforms" if self.conforms else "differs"
        lines.append(f"{verdict}: {counts['pass']} pass, {counts['differs']} differ, {counts['skipped']} skipped")
        return "\n".join(lines)


def check(subject, *, name="", dtypes=DTYPES):
    """Runs all checks on a Subject; dtypes holds float32 and perhaps others of DTYPES.

    Raises BadInput if it fails on a plain tensor, and Unavailable if it says that it cannot run here.
    """
    with torch.random.fork_rng(devices=[]):
        session = Session(subject, tuple(dtypes))
        found = [one(session) for one in CHECKS[subject.kind]]
    return Report(name, subject.kind, str(subject.device), tuple(dtypes), found)
