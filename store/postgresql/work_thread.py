"""A thread that runs pieces of work one after the other, while the loop goes on."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class WorkThread:
    """Runs what it is given, in that order, until it is closed."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def post(self, job: Callable[[], None]) -> None:
        """Have the job run soon; it must not raise."""
        self._jobs.put(job)

    def call_back(self, callback: Callable[[], None]) -> None:
        """Called by a job: have the callback run on the loop."""
        self._loop.call_soon_threadsafe(callback)

    async def run(self, job: Callable[[], T]) -> T:
        """Run the job and return what it returns. Cancelling the caller does not stop the job."""
        waiter: asyncio.Future[T] = self._loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if waiter.done():
                return
            if error is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(result)  # type: ignore[arg-type]

        def run() -> None:
            try:
                result = job()
            except Exception as error:  # noqa: BLE001 - who waits for it gets it
                failed = error
                self.call_back(lambda: settle(None, failed))
            else:
                self.call_back(lambda: settle(result, None))

        self._jobs.put(run)
        return await waiter

    async def close(self) -> None:
        """Finish what was given, then end the thread."""
        await self.run(lambda: None)
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
