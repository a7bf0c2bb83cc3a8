"""Run notebooks from top to bottom, and store them with what the run took."""

import json
import statistics
import subprocess
import sys
import time

from course_utils.lessons.stored import text_of, without_live_forms, write

# The kernel's peak resident memory in bytes, as an expression the kernel itself evaluates. On Linux
# getrusage would count that of the process which started the kernel, too.
PEAK_MEMORY = {
    "linux": "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) * 1024",
    "darwin": "__import__('resource').getrusage(0).ru_maxrss",
    "win32": "__import__('psutil').Process().memory_info().peak_wset",
}


def machine():
    """How fast this machine trains, measured in this process. Imports Keras.

    Returns:
        The rates of `runtime.speed` in GFLOP/s, and "epoch": the seconds of a plain epoch, 235
        steps of Adam in float32, of the network 784-1000-500-250-30 and back (Hinton &
        Salakhutdinov 2006).
    """
    import numpy as np  # here, with what imports Keras, so that the other commands start at once

    from course_utils import models, runtime

    x = np.random.default_rng(0).random((256, 784), dtype="float32")
    sizes = [784, 1000, 500, 250, 30]
    model = models.dense_autoencoder(sizes, activation="silu", dtype="float32", seed=0)
    model.compile("adam", models.SquaredError())
    steps = []
    for _ in range(35):
        start = time.perf_counter()
        model.train_on_batch(x, x)
        steps.append(time.perf_counter() - start)
    # The first steps trace and warm up. An epoch of MNIST is 235 batches of 256.
    return runtime.speed() | {"epoch": round(235 * statistics.median(steps[5:]), 1)}


def measure():
    """What `machine` returns, measured in a process of its own, whose memory is free afterwards.

    Returns:
        A dictionary of numbers: "float32" and "bfloat16" in GFLOP/s, "epoch" in seconds.
    """
    command = [sys.executable, "-m", "course_utils.lessons", "speed"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def execute(path, speed):
    """Run a notebook from top to bottom in a fresh kernel, and store it if no cell fails.

    Args:
        path: a `pathlib.Path` of a notebook. It runs in its own folder.
        speed: what `measure` returned, stored beside the seconds.

    Returns:
        What it stored under metadata "course": "seconds", of the whole run; "slowest_cell", in
        seconds; "peak_gib", the kernel's peak memory in GiB; "speed".

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails; CellTimeoutError: if one takes over
            ten minutes; DeadKernelError: if the kernel dies. The file then stays as it was.
    """
    import nbformat  # here: of this package, only who executes notebooks needs both
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    times = []  # when each code cell began and ended, in turn

    def note_time(**_):
        times.append(time.perf_counter())

    client = NotebookClient(
        book,
        kernel_name="python3",
        timeout=600,
        record_timing=False,
        on_cell_execute=note_time,
        on_cell_executed=note_time,
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    with client.setup_kernel():
        client.execute(cleanup_kc=False)  # the kernel lives on, to be asked for its memory
        seconds = time.perf_counter() - start
        peak = _peak_memory(client)
    cells = [end - begin for begin, end in zip(times[::2], times[1::2], strict=True)]
    course = {
        "seconds": round(seconds),
        "slowest_cell": round(max(cells, default=0), 1),
        "peak_gib": round(peak / 2**30, 2),
        "speed": speed,
    }
    book.metadata["course"] = course
    without_live_forms(book)
    write(path, text_of(book))
    return course


def _peak_memory(client):
    """Of the client's kernel, in bytes."""
    question = {"peak": PEAK_MEMORY[sys.platform]}
    asked = client.kc.execute("", silent=True, user_expressions=question)
    answer = client.wait_for_reply(asked)["content"]["user_expressions"]["peak"]
    return int(answer["data"]["text/plain"])


def execute_all(paths):
    """Execute notebooks one after the other, and say what each took; end at the first that fails.

    Args:
        paths: of notebooks.

    Returns:
        None. Prints a line for the machine and one for each notebook.

    Raises:
        SystemExit: with one sentence, if a path is no notebook or a notebook fails.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            sys.exit(f"NOTEBOOKS must name notebooks (.ipynb) that are there, got {path}")
    speed = measure()
    print(f"This machine: {speed}", flush=True)
    for path in paths:
        try:
            course = execute(path, speed)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"{path} failed and stays as it was: {error}")
        took = f"{course['seconds']:4} s  slowest cell {course['slowest_cell']:5.1f} s"
        print(f"{path.name:45} {took}  {course['peak_gib']:.2f} GiB", flush=True)
