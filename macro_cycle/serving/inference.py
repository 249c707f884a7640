"""Requests to responses for one model name, whatever door they come by: read, answer, write, count.

Large requests are worked off in threads, so that the event loop stays free; each has a deadline, and only so many wait.
A whole panel is not large: its answer takes some two milliseconds, and the way to a thread and back half as long again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

from macro_cycle.serving import v1, v2
from macro_cycle.serving.answering import Answer, Answering
from macro_cycle.serving.errors import Overloaded, Refused, UnknownModel, short
from macro_cycle.serving.questions import Economy, Limits, Question
from macro_cycle.serving.served_models import ServedModels, say
from macro_cycle.serving.telemetry import Telemetry

Result = TypeVar("Result")

INLINE_BYTES = 256 * 1024  # the panel since 1959 has some 205,000; as many windows as may be sent take 0.1 s
THREADS = 2
WAITING = 32


class Inference:
    """Answers for the model `name`; `today` is asked which day it is, `seconds` is the longest an answer may take."""

    def __init__(
        self,
        name: str,
        models: ServedModels,
        telemetry: Telemetry,
        today: Callable[[], date],
        limits: Limits,
        seconds: float,
    ) -> None:
        self.name, self.models, self.telemetry = name, models, telemetry
        self.limits = limits
        self._today, self._seconds = today, seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="inference")
        self._working = 0

    @property
    def paths(self) -> tuple[str, str]:
        """Where V1 and V2 take questions."""
        return f"/v1/models/{self.name}:predict", f"/v2/models/{self.name}/infer"

    def v1(self, answering: Answering, body: bytes, deadline: float) -> bytes:
        """The V1 response to a body."""
        return v1.write(self.answers(answering, v1.read(body, answering.reader, self.limits), deadline))

    def v2(
        self, answering: Answering, body: bytes, json_length: int | None, deadline: float
    ) -> tuple[bytes, int | None]:
        """The V2 response to a body, and the length of its JSON if binary data follow."""
        request = v2.read(body, json_length, self.limits, len(answering.reader.columns))
        self.check_named(answering, request.model_name or self.name, request.model_version)
        questions = v2.questions(request.tensors, answering.reader, self.limits)
        answers = self.answers(answering, questions, deadline)
        return v2.write(request, answers, self.name, answering.model_version)

    def check_named(self, answering: Answering, name: str, version: str | None) -> None:
        """Refuse a question to another model, or to a version that does not serve.

        Raises:
            UnknownModel: it is not here.
        """
        if name != self.name:
            raise UnknownModel(f"there is no model {short(name)}; this is {self.name}")
        if version and version not in (answering.model_version, answering.version):
            raise UnknownModel(f"version {short(version)} does not serve; {answering.model_version} does")

    def answers(self, answering: Answering, questions: Sequence[Question], deadline: float) -> list[Answer]:
        """The answers, counted by regime; an economy is read once for the request.

        Raises:
            Refused: one cannot be answered, or the time is over.
        """
        today, economies = self._today(), dict[Question, Answer]()
        answers = []
        for question in questions:
            if time.monotonic() > deadline:
                raise Overloaded(f"the answer takes longer than {self._seconds:g} s; send fewer windows")
            if isinstance(question, Economy):
                if question not in economies:
                    economies[question] = answering.answer(question, today)
                answers.append(economies[question])
            else:
                answers.append(answering.answer(question, today))
        for answer in answers:
            self.telemetry.observe_answer(self.name, answer["label"])
        return answers

    async def run(self, work: Callable[[float], Result], size: int, *, waits: bool = False) -> Result:
        """The result of `work`, which is told its deadline; in a thread if its body has many bytes, or it `waits`.

        Raises:
            Refused: by the work, or because it takes too long or too much else is to be done.
        """
        deadline = time.monotonic() + self._seconds
        if size <= INLINE_BYTES and not waits:
            return work(deadline)
        if self._working >= WAITING:
            raise Overloaded("too many large requests are being answered; try again in a few seconds")
        self._working += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, deadline)
        future.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            raise Overloaded(f"no answer within {self._seconds:g} s; send fewer windows or try again") from None

    def refused(self, error: Exception) -> Refused:
        """What a client is told of an error; one that is no refusal is a fault, which the log names."""
        if isinstance(error, Refused):
            return error
        say(f"a request failed: {type(error).__name__}: {str(error)[:300]}")
        return Failed("the server failed; its log says why")

    def _ended(self, future: Any) -> None:
        self._working -= 1
        if not future.cancelled():
            future.exception()  # seen, whether or not somebody still waits for it


class Failed(Refused):
    """A fault of the server's own."""

    status, outcome = 500, "failed"
