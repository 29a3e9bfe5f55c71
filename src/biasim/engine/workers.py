"""Worker processes: tasks out, answers in.

One pipe per worker rather than `concurrent.futures`, for three reasons: the block a dead worker was at is
known exactly; a worker whose master was killed reads the end of its pipe and leaves, where a pool's workers
would wait for ever; and a stopped run ends its workers at once without private attributes.

Workers come from a fork server where there is one: numpy and the parts are imported once, then each
worker is a fork of a process that has no threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from multiprocessing.connection import Connection, wait
from threading import current_thread, main_thread
from typing import Any, NamedTuple

from biasim.engine.failures import PartFailed, WorkerDied
from biasim.errors import BiasimError

PATIENTS_WORTH_A_POOL = 100_000  # below this the work is done sooner than workers have started
PRELOADED = ["__main__", "biasim.engine.replicate", "biasim.engine.truth", "scipy.special"]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Task(NamedTuple):
    """Something to compute: `work(*arguments)`, all of it importable and picklable."""

    name: str  # for messages
    key: Any  # for whoever takes the answer
    patients: int  # how much work, in patients to be simulated
    work: Callable[..., Any]
    arguments: tuple[Any, ...]


class Worker(NamedTuple):
    process: Any
    pipe: Connection


def cores() -> int:
    """The cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def compute(tasks: Iterable[Task], workers: int) -> Iterator[tuple[Task, Any]]:
    """Each task with its answer, in order of completion; in this process if that is as quick.

    `tasks` is read as workers become free. Raises PartFailed when a part raises and WorkerDied when a
    worker vanishes; the answers yielded before are whole.
    """
    tasks = iter(tasks)
    opening: list[Task] = []
    while workers > 1 and sum(task.patients for task in opening) <= PATIENTS_WORTH_A_POOL:
        following = next(tasks, None)
        if following is None:
            workers = 1
        else:
            opening.append(following)
    if workers > 1:
        yield from spread(chain(opening, tasks), workers)
    else:
        for task in chain(opening, tasks):
            yield task, task.work(*task.arguments)


def spread(tasks: Iterator[Task], count: int) -> Iterator[tuple[Task, Any]]:
    """The same on `count` worker processes, which are gone when this ends, however it ends."""
    busy: dict[Connection, Task] = {}
    workers: list[Worker] = []
    try:
        for task in tasks:
            workers.append(start())
            give(workers[-1].pipe, task, busy)
            if len(workers) == count:
                break
        while busy:
            for pipe in wait(list(busy)):
                task = busy.pop(pipe)
                answer = receive(pipe, task, workers)
                following = next(tasks, None)
                if following is not None:
                    give(pipe, following, busy)
                yield task, answer
    finally:
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.process.terminate()
            worker.process.join()


def start() -> Worker:
    """A new worker process, waiting for its first task."""
    with one_thread():
        context: Any = source()
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
    theirs.close()
    return Worker(process, ours)


def source() -> Any:
    """Where workers come from: a running fork server, or new interpreters on a system without one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver  # absent on Windows

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with deaf():
        forkserver.ensure_running()
    return context


@contextmanager
def one_thread() -> Iterator[None]:
    """Processes started here get one numpy thread each: with more they slow each other down (0.7 times)."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def deaf() -> Iterator[None]:
    """A process launched here ignores Ctrl-C from its first moment, which is the master's business.

    It inherits that from the master, who is deaf himself for these few milliseconds.
    """
    before = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or before is None:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def give(pipe: Connection, task: Task, busy: dict[Connection, Task]) -> None:
    """Hand a task to a worker. A worker that is gone is noticed when its answer is awaited."""
    busy[pipe] = task
    try:
        pipe.send((task.work, task.arguments))
    except (BrokenPipeError, ConnectionResetError):
        return


def receive(pipe: Connection, task: Task, workers: list[Worker]) -> Any:
    """The answer to `task`. Raises what the task raised, or WorkerDied."""
    try:
        error, answer = pipe.recv()
    except (EOFError, ConnectionResetError):
        process = next(worker.process for worker in workers if worker.pipe is pipe)
        process.join(timeout=5)
        raise WorkerDied(
            f"the worker computing {task.name} died (exit code {process.exitcode}; -9 usually means that the system "
            "ran out of memory). Finished blocks are kept: run again, with fewer workers if memory was short."
        ) from None
    if error is not None:
        raise error
    return answer


def serve(pipe: Connection) -> None:
    """The life of a worker: answer tasks until the master is gone, deaf to Ctrl-C on every system."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            work, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer: tuple[BiasimError | None, Any] = (None, work(*arguments))
        except PartFailed as failure:
            failure.add_note("".join(traceback.format_exception(failure.__cause__ or failure)))
            answer = (failure, None)
        except BiasimError as failure:
            answer = (failure, None)
        except Exception:
            answer = (PartFailed(f"a worker failed:\n{traceback.format_exc()}"), None)
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            sys.exit(0)
