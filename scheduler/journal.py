"""The journal of one attempt at a run: every step goes to the store, and as one readable line to the log."""

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exporters.base import Receipt
from scheduler.clock import Clock, SystemClock
from scheduler.runs import Lease, Pace, RecordedDelivery, Run
from scheduler.stop import Stop
from scheduler.store import Store

LOG = logging.getLogger("metricast.scheduler")
Mask = Callable[[str], str]

_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PWD\b|CREDENTIAL|API_?KEY|ACCESS_?KEY", re.IGNORECASE)
_PATHS = frozenset({"PWD", "OLDPWD"})  # the shell's folders, no passwords
_CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")
_SHORTEST_SECRET = 6


def mask_from(environment: Mapping[str, str]) -> Mask:
    """A function that masks the values of secret-looking variables, and credentials in URLs, in a text."""
    secrets = {value for name, value in environment.items() if name not in _PATHS and _SECRET_NAME.search(name)}
    longest_first = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)

    def mask(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "***")
        return _CREDENTIALS_IN_URL.sub("***@", text)

    return mask


@dataclass(frozen=True, slots=True)
class Worker:
    """What the runs of a process share: their store, the time, the pace, what must not be shown, and the
    request to stop."""

    store: Store
    owner: str
    mask: Mask
    clock: Clock = field(default_factory=SystemClock)
    pace: Pace = field(default_factory=Pace)
    stop: Stop = field(default_factory=Stop)

    def lease(self) -> Lease:
        """A lease of this process that begins now."""
        return Lease(self.owner, self.clock.now() + self.pace.lease)


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes down what one attempt at a run does; all but `say` raise LeaseLost once it is taken over.

    Steps before a delivery raise Stopped once the stop has been asked for.
    """

    worker: Worker
    run: Run

    def say(self, text: str, level: int = logging.INFO) -> None:
        """One line (or a traceback) to the log."""
        LOG.log(level, "%s  #%d  %s", self.run, self.run.attempt, self.worker.mask(text))

    def note(self, name: str, detail: str) -> None:
        """A step that is done. Raises Stopped."""
        self.worker.store.note(self.run, name, self.worker.mask(detail), self.worker.clock.now())
        self.say(f"{name} {detail}")
        self.worker.stop.check()

    def renew(self) -> None:
        """Hold the lease for another while."""
        self.worker.store.renew(self.run, self.worker.lease().until)

    def begin_delivery(self, entry: str) -> None:
        """A delivery is about to be made. Raises Stopped."""
        self.worker.stop.check()
        self.worker.store.begin_delivery(self.run, entry, self.worker.clock.now())
        self.say(f"delivering {entry}")

    def record_delivery(self, entry: str, receipt: Receipt) -> None:
        """A delivery has been verified and is durable."""
        delivery = RecordedDelivery(entry, receipt.destination, self.worker.clock.now(), receipt.to_json())
        self.worker.store.record_delivery(self.run, delivery)
        self.say(f"delivered {receipt.exporter} {receipt.destination}; verified: {receipt.verified}")

    def succeed(self) -> None:
        """The run is over and all is delivered."""
        self.worker.store.succeed(self.run, self.worker.clock.now())
        self.say("succeeded")

    def fail(self, error: str) -> None:
        """The run is over; `error` says why it failed."""
        self.worker.store.fail(self.run, self.worker.mask(error), self.worker.clock.now())
        self.say(f"failed: {error}", logging.ERROR)

    def crash(self, error: BaseException) -> None:
        """The run is over by a fault of the program: its type goes to the store, its traceback to the log."""
        self.say("".join(traceback.format_exception(error)).rstrip(), logging.ERROR)
        self.fail(f"E614  unexpected {type(error).__name__}: {error}")
