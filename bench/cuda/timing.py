# SPDX-License-Identifier: Apache-2.0
"""Times on a GPU."""

import statistics

import torch


def milliseconds(call, sets, repeats=60, warm_up=5):
    """The median of call(i), i counting through the sets of inputs, which together should not fit the cache."""
    for i in range(warm_up):
        call(i % sets)
    torch.cuda.synchronize()
    times = []
    for i in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        call(i % sets)
        end.record()
        times.append((begin, end))
    torch.cuda.synchronize()
    return statistics.median(b.elapsed_time(e) for b, e in times)
