"""The main function of a process that takes inputs: they come in by standard input, what is said goes out."""

from __future__ import annotations

from weaklab.apply import shipping
from weaklab.apply.files.crew import Ended
from weaklab.apply.worker import open_channel, settle_in
from weaklab.exceptions import reason_of


def main() -> None:
    """Take what comes in until nothing more does."""
    messages, say = open_channel()
    try:
        setup = shipping.loads(messages.get())
        work = setup["work"]
    except Exception as error:  # noqa: BLE001  -- whatever cannot be read
        say(reason_of(error))
        return
    settle_in(setup)
    while True:
        each = shipping.loads(messages.get())
        try:
            for message in work(each):
                say(message)
        except BaseException as error:  # noqa: BLE001  -- a labeler may raise anything; sys.exit() too
            say(Ended(shipping.error_parts(error)))
        else:
            say(Ended())
