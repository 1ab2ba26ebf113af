# SPDX-License-Identifier: Apache-2.0
"""Memory of large results, which the operators keep for the next ones."""

import subprocess
import sys
import threading

import pytest

torch = pytest.importorskip("torch", minversion="2.11")
nt = pytest.importorskip("nwidth.torch")

LARGE = (2048, 1024)  # 8 MiB in float32


def run(package, code, **environment):
    """Standard output of a process of its own."""
    lines = "import os, sys\nsys.path.insert(0, sys.argv[1])\nimport torch, nwidth.torch as nt\n" + code
    command = [sys.executable, "-c", lines, str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment | {"PATH": ""})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_memory_of_a_result_that_ended_is_taken_again():
    x = torch.randn(LARGE)
    y = nt.relu(x)
    address = y.data_ptr()
    view = y[1000:]
    del y
    assert nt.relu(x).data_ptr() != address  # a view holds it
    del view
    again = nt.silu(x)
    assert again.data_ptr() == address
    torch.testing.assert_close(again, torch.nn.functional.silu(x))


def test_results_that_live_share_nothing():
    x = torch.randn(LARGE)
    results = [nt.relu(x + i) for i in range(6)]
    assert all(torch.equal(y, torch.relu(x + i)) for i, y in enumerate(results))


@pytest.mark.parametrize("shape", [LARGE, (2048, 1, 1024), (1, *LARGE), (LARGE[0] * LARGE[1],)])
def test_strides_are_those_of_empty_like(shape):
    x = torch.randn(LARGE).as_strided(shape, [7 if n == 1 else 1024 if n == 2048 else 1 for n in shape])
    assert nt.gelu(x).stride() == torch.empty_like(x).stride()
    assert nt.PolyNorm()(x).is_contiguous()


def test_large_results_under_autograd_and_inference_mode():
    x = torch.randn(LARGE, requires_grad=True)
    module = nt.PolyReLU()
    for _ in range(3):
        y = module(x)
        y.backward(torch.ones_like(y))
    once = torch.autograd.grad(module(x).sum(), x)[0]
    torch.testing.assert_close(x.grad, 3 * once)
    with torch.inference_mode():
        assert module(x).is_inference()


def test_threads_take_and_give_at_once():
    xs = [torch.randn(LARGE) for _ in range(4)]
    wrong = []

    def work(x):
        for _ in range(20):
            if not torch.equal(nt.relu(x), torch.relu(x)):
                wrong.append(x)

    workers = [threading.Thread(target=work, args=(x,)) for x in xs]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert not wrong


RESIDENT = """
def resident():
    return [int(s.split()[1]) for s in open("/proc/self/status") if s.startswith("VmRSS")][0] / 1024
x = torch.zeros(4096, 4096)
nt.relu(x[:1])
before = resident()
results = [nt.relu(x) for _ in range(12)]
most = resident()
del results
print(most - before, resident() - before)
"""


@pytest.mark.parametrize(("mib", "kept"), [("0", 0), ("128", 128), (None, 512)])
def test_no_more_than_the_limit_is_kept(package, mib, kept):
    environment = {} if mib is None else {"NWIDTH_TORCH_KEPT_MIB": mib}
    most, after = map(float, run(package, RESIDENT, **environment).split())
    assert most > 12 * 60, "results of 64 MiB"
    assert kept - 4 <= after <= kept + 16


def test_a_limit_that_is_none_is_refused(package):
    code = """
try:
    nt.relu(torch.zeros(4096, 4096))
except ValueError as e:
    print(e)
"""
    said = run(package, code, NWIDTH_TORCH_KEPT_MIB="much")
    assert said == "nwidth: NWIDTH_TORCH_KEPT_MIB = 'much'; allowed are integers from 0 to 4294967295\n"


def test_a_forked_child_goes_on(package):
    code = """
x = torch.randn(2048, 1024)
nt.relu(x)
child = os.fork()
if child == 0:
    os._exit(0 if torch.equal(nt.relu(x), torch.relu(x)) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.equal(nt.relu(x), torch.relu(x)))
"""
    assert run(package, code) == "0 True\n"
