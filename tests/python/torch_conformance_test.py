# SPDX-License-Identifier: Apache-2.0
"""Our own operators and modules under the conformance suite."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: ./dev torch installs it")
conformance = pytest.importorskip("nwidth.conformance", reason="the conformance suite is not in this package")
try:
    import nwidth.torch as nt
except ImportError as error:
    pytest.skip(f"the operators are not built: {error}", allow_module_level=True)


@pytest.mark.parametrize("name", ["PolyReLU", "PolyNorm", "polyrelu", "polynorm"])
def test_conforms(name):
    subject = conformance.Subject(getattr(nt, name), name.lower())
    report = conformance.check(subject, name=name, dtypes=(torch.float32, torch.bfloat16, torch.float64))
    assert report.conforms, report.table()
