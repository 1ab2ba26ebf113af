# SPDX-License-Identifier: Apache-2.0
"""nwidth-lm on several processes: Python makes the group, C++ trains.

    python -m nwidth.lm.launch --ranks 2 train run.toml --out results/run       one machine; starts the processes itself
    torchrun --nproc-per-node 2 -m nwidth.lm.launch train run.toml --out results/run
    srun --ntasks 8 env MASTER_ADDR=node0 MASTER_PORT=29500 python -m nwidth.lm.launch train run.toml --out results/run
    mpirun -np 2 -x MASTER_ADDR=node0 -x MASTER_PORT=29500 python -m nwidth.lm.launch train run.toml --out results/run

What follows is a command line of nwidth-lm. `--timeout SECONDS` (default 120) is how long a collective operation waits
for the slowest rank; `--ops FILE` names nwidth_lm_ops.so, which is else looked for beside NWIDTH_BIN and the package.
A rank that dies or hangs ends the job: one line names it, and the exit code is 3. SIGTERM or SIGINT, to this process,
to torchrun or to one rank, ends all ranks after the step in flight with a checkpoint, and the exit code is 128 + signal
(torchrun has its own); a second one ends them at once.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

STOPPED = 3
ASKED = {128 + signal.SIGINT, 128 + signal.SIGTERM}  # exit codes of ranks that a signal asked to end
PARENT = "NWIDTH_LAUNCHER"  # in the environment of ranks: the process that started them
LONGEST = 1000000  # seconds: what clocks and sockets can wait
BEAT = 0.5  # seconds between the signs of life of a rank


def say(line: str) -> None:
    print(f"nwidth-lm: {line}", file=sys.stderr, flush=True)


def arguments(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m nwidth.lm.launch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ranks", type=int, default=0, help="start so many processes on this machine")
    parser.add_argument("--timeout", type=float, default=120, help="seconds that a collective operation may take")
    parser.add_argument("--ops", type=Path, help="nwidth_lm_ops.so")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="of nwidth-lm")
    options = parser.parse_args(argv)
    if not options.command:
        parser.error("no command of nwidth-lm, such as train")
    if options.ranks < 0 or not 0 < options.timeout <= LONGEST:
        parser.error(f"--ranks is 1 or more and --timeout above 0 to {LONGEST}")
    return options, options.command


def built_file(folder: str, name: str, given: Path | None, option: str) -> Path:
    """A file of the build with NWIDTH_LM: the given one, or where NWIDTH_BIN, the package, a build or PATH has it.

    Raises FileNotFoundError with what was looked for.
    """
    places = [given] if given else []
    if not given:
        if binaries := os.environ.get("NWIDTH_BIN"):
            places.append(Path(binaries).parent / folder / name)
        package = Path(__file__).resolve().parents[1]
        places += [package / name, package.parents[1] / "build" / "release" / folder / name]
        if found := shutil.which(name):
            places.append(Path(found))
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(
        f"no {name}: looked for {', '.join(map(str, places))}; build with NWIDTH_LM=ON or give {option}"
    )


def library(given: Path | None) -> Path:
    return built_file("lib", "nwidth_lm_ops.so", given, "--ops")


def environment() -> dict[str, str]:
    """RANK, WORLD_SIZE, LOCAL_RANK as torch wants them, also where Slurm or Open MPI say it in their words."""
    names = {
        "RANK": ("SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"),
        "WORLD_SIZE": ("SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"),
        "LOCAL_RANK": ("SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK"),
        "LOCAL_WORLD_SIZE": ("SLURM_NTASKS_PER_NODE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    }
    found = {}
    for name, others in names.items():
        for one in (name, *others):
            if one in os.environ:
                found[name] = os.environ[one]
                break
    return found


# ---- one rank


class Beats:
    """Signs of life of all ranks, in the store by which they found each other."""

    def __init__(self, rank: int, size: int) -> None:
        from datetime import timedelta

        import torch.distributed as dist

        self.rank, self.size = rank, size
        address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        # Connections of their own: what waits on one does not hold up the others.
        self.write, self.read = (
            dist.TCPStore(address, port, is_master=False, timeout=timedelta(seconds=5)) for _ in range(2)
        )
        self.write.set(f"nwidth/where/{rank}", f"{socket.gethostname()}, pid {os.getpid()}")
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self) -> None:
        count, parent = 0, os.environ.get(PARENT)
        while True:
            if parent and os.getppid() != int(parent):  # killed: nobody waits for this rank any more
                os.kill(os.getpid(), signal.SIGTERM)
                return
            try:
                self.write.set(f"nwidth/beat/{self.rank}", str(count))
            except Exception:  # the store is gone, and so is the job
                if not parent:
                    return
            count += 1
            time.sleep(BEAT)

    def lost(self) -> list[str]:
        """The ranks that show no life for some beats, with host and process."""
        others = [r for r in range(self.size) if r != self.rank]
        try:
            before = {r: self.read.get(f"nwidth/beat/{r}") for r in others}
            time.sleep(4 * BEAT)
            still = [r for r in others if self.read.get(f"nwidth/beat/{r}") == before[r]]
            return [f"{r} ({self.read.get(f'nwidth/where/{r}').decode()})" for r in still]
        except Exception:
            return ["0, which keeps the store"]

    def first_alive(self, lost: list[str]) -> bool:
        gone = {int(one.split(",")[0].split()[0]) for one in lost}
        return self.rank == min(r for r in range(self.size) if r not in gone)


def work(options: argparse.Namespace, command: list[str]) -> int:
    from datetime import timedelta

    import torch
    import torch.distributed as dist

    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no stack of Python's; train takes it over
    torch.ops.load_library(str(library(options.ops)))
    on_gpu = "--device=cuda" in command or any(pair == ("--device", "cuda") for pair in pairwise(command))
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)))
    try:
        dist.init_process_group("nccl" if on_gpu else "gloo", timeout=timedelta(seconds=options.timeout))
        beats = Beats(rank, size)
    except Exception as error:
        say(f"rank {rank}: no group of {size} processes: {str(error).splitlines()[0]}")
        return STOPPED
    try:
        return torch.ops.nwidth_lm.train(command, dist.group.WORLD.group_name)
    except RuntimeError as error:
        lost = beats.lost()
        if lost and beats.first_alive(lost):
            ranks = "ranks" if len(lost) > 1 else "rank"
            say(f"lost {ranks} {'; '.join(lost)}: killed or hangs; train --resume goes on from the last checkpoint")
        elif not lost:
            say(f"rank {rank}: {str(error).splitlines()[0]}; train --resume goes on from the last checkpoint")
        return STOPPED


# ---- all ranks of one machine


def start(options: argparse.Namespace, argv: list[str]) -> int:
    """Starts the ranks, waits for them, and ends all when one is gone."""
    import torch.distributed as dist

    try:
        library(options.ops)
    except FileNotFoundError as error:
        say(str(error))
        return 2
    size = options.ranks
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    threads = max(1, len(os.sched_getaffinity(0)) // size)
    ranks = []
    for rank in range(size):
        own = {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(size),
            "LOCAL_WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(store.port),
            "TORCHELASTIC_USE_AGENT_STORE": "True",  # the store is here: it outlives every rank
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads)),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]),
            PARENT: str(os.getpid()),
        }
        command = [sys.executable, "-m", "nwidth.lm.launch", *argv]
        # A terminal's Ctrl-C comes to this process alone, which passes it on once: twice would end a rank at once.
        ranks.append(subprocess.Popen(command, env=os.environ | own, start_new_session=True))
    return wait(ranks, options.timeout)


def wait(ranks: list[subprocess.Popen[bytes]], timeout: float) -> int:
    """Until all ranks have ended. Passes a signal on; ends all when one is lost."""

    def end(with_signal: int) -> None:
        for process in ranks:
            if process.poll() is None:
                process.send_signal(with_signal)

    asked: list[int] = []

    def pass_on(got: int, _: object) -> None:
        asked.append(got)
        end(got if len(asked) == 1 else signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    patience = None
    while True:
        codes = [process.poll() for process in ranks]
        bad = {rank: code for rank, code in enumerate(codes) if code not in (None, 0)}
        if None not in codes:
            break
        if bad and patience is None:
            # One that a signal asked to end wrote its checkpoint; the others are about to end, or hang.
            asked_to = bool(asked) or all(code in ASKED for code in bad.values())
            patience = time.monotonic() + (timeout if asked_to else 0)
        if patience is not None and (time.monotonic() >= patience or not (asked or ASKED.issuperset(bad.values()))):
            end(signal.SIGKILL)  # checkpoints appear whole or not at all
            for process in ranks:
                process.wait()
            break
        time.sleep(0.05)
    if not bad:
        return 0
    # -signal: that rank had not begun to train.
    fine = ASKED | {-got for got in asked}
    rank, code = next(((r, c) for r, c in bad.items() if c not in fine), next(iter(bad.items())))
    if asked and (code in fine or len(asked) > 1):
        return 128 + asked[0]
    if code < 0:
        say(f"rank {rank} (pid {ranks[rank].pid}) was killed by {signal.Signals(-code).name}; train --resume goes on")
    elif code not in {2, STOPPED} | ASKED:
        say(f"rank {rank} (pid {ranks[rank].pid}) ended with exit code {code}")
    return code if code in {2, STOPPED} | ASKED else STOPPED


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    options, command = arguments(argv)
    found = environment()
    if options.ranks and "RANK" not in os.environ:
        return start(options, argv)
    if "RANK" not in found or "WORLD_SIZE" not in found:
        say("no group: give --ranks N, or start this under torchrun, srun or mpirun")
        return 2
    os.environ |= found
    if options.ranks not in (0, int(found["WORLD_SIZE"])):
        say(f"--ranks {options.ranks} in a group of {found['WORLD_SIZE']}: allowed is the same, or none")
        return 2
    try:
        return work(options, command)
    except OSError as error:  # no library, or one of another torch
        time.sleep(float(found["RANK"] != "0"))  # what all have to say is said once: the first to end ends the others
        say(str(error).splitlines()[0])
        return 2


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # at once: threads of a broken group would wait for it
