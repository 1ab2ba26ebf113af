# SPDX-License-Identifier: Apache-2.0
"""torch.compile of the twin: no activation gets gradients that are zero or of another pass.

A function of autograd whose output went through a cast that does nothing once had all its gradients 0 under
torch.compile, without a word: the model trained on, worse. Dynamo was at fault, whatever the backend.
"""

import pytest
from lm_models import ACTIVATIONS, batch, config, distance, torch, twin_step


def compiled(backend):
    return lambda twin: torch.compile(twin.loss, backend=backend)


@pytest.fixture(autouse=True)
def fresh():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch._dynamo.reset()
    yield
    torch.set_num_threads(before)


CASES = [(a, False) for a in ACTIVATIONS] + [(a, True) for a in ("relu", "xielu", "polyrelu", "polynorm", "swiglu")]


@pytest.mark.parametrize(("activation", "bf16"), CASES)
def test_compiled_gradients_are_those_of_eager(activation, bf16):
    text = config(activation, layers=1)
    eager = twin_step(text, *batch(61), bf16=bf16)
    ours = twin_step(text, *batch(61), bf16=bf16, run=compiled("aot_eager"))
    for name, g in eager[3].items():
        assert g.ne(0).any(), name
        assert distance(ours[3][name], g) <= (2e-2 if bf16 else 5e-6), name


def test_loss_by_chunks_keeps_its_gradients():
    text = config("polynorm", "large vocabulary, untied", layers=1)
    eager = twin_step(text, *batch(5000))
    ours = twin_step(text, *batch(5000), run=compiled("aot_eager"))
    for name, g in eager[3].items():
        assert g.ne(0).any(), name
        assert distance(ours[3][name], g) <= 5e-6, name


def test_gradients_are_of_the_last_pass():
    """A second step with other tokens: what the compiled function kept of the first must not show."""
    text = config("polynorm", layers=1)
    first, second = batch(61), batch(61)[::-1]

    def twice(twin):
        run = compiled("aot_eager")(twin)

        def loss(tokens, targets, scored):
            run(*first, scored).backward()
            for w in twin.weights.values():
                w.grad = None
            return run(tokens, targets, scored)

        return loss

    eager, ours = twin_step(text, *second), twin_step(text, *second, run=twice)
    for name, g in eager[3].items():
        assert distance(ours[3][name], g) <= 5e-6, name


def test_inductor_has_the_gradients_too():
    text = config("polynorm", layers=1)
    eager, ours = twin_step(text, *batch(61)), twin_step(text, *batch(61), run=compiled("inductor"))
    for name, g in eager[3].items():
        assert distance(ours[3][name], g) <= 1e-5, name
