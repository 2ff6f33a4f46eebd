"""The main function of a worker process: tasks come in by standard input, what they gave goes out by its output."""

from __future__ import annotations

import linecache
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, BinaryIO

from weaklab.apply import shipping
from weaklab.apply.row_tasks import Changes, Crew
from weaklab.apply.steadiness import Steadiness
from weaklab.apply.surroundings import take_over
from weaklab.apply.timeouts import timer
from weaklab.exceptions import reason_of


def main() -> None:
    """Run what comes in until nothing more does."""
    messages, say = open_channel()
    try:
        setup = shipping.loads(messages.get())
        crew: Crew = setup["crew"]
    except Exception as error:  # noqa: BLE001  -- whatever cannot be read
        say(reason_of(error))
        return
    settle_in(setup)
    with timer(crew.timeout):
        steadiness = Steadiness({place: crew.lfs[place] for place in crew.watched}, crew.look)
        while True:
            try:
                work = shipping.loads(messages.get())
            except Exception as error:  # noqa: BLE001  -- whatever cannot be read
                say(reason_of(error))
                return
            if work is None:
                say(Changes(steadiness.changes()))
                continue
            task, frame = work
            crew.run(task, frame, say)
            sys.stdout.flush()


def open_channel() -> tuple[SimpleQueue[bytes], Callable[[Any], None]]:
    """What comes in from the parent, and a function that says something to it; Ctrl-C is the parent's to answer."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What labeling functions print goes to where errors go, and what they read is empty.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(inbox, messages), daemon=True).start()
    return messages, lambda message: shipping.write(outbox, pickle.dumps(message, protocol=5))


def settle_in(setup: dict[str, Any]) -> None:
    """Take over sources, warning filters and surroundings of the parent, as far as they could be sent."""
    linecache.cache.update(setup["sources"])
    with suppress(Exception):
        take_over(shipping.loads(setup["surroundings"]))
    with suppress(Exception):
        warnings.filters = shipping.loads(setup["filters"])
        warnings._filters_mutated()  # type: ignore[attr-defined]


def _listen(inbox: BinaryIO, messages: SimpleQueue[bytes]) -> None:
    """Take messages in; at the end, which is also that of a parent that was killed, leave in the middle of anything."""
    while (message := shipping.read(inbox)) is not None:
        messages.put(message)
    os._exit(0)
