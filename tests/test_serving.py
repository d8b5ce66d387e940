"""How answers travel: in one piece, by the thread that is at hand, and not behind somebody's long turn."""

import logging
import re
import socket
import sys
import threading
from typing import Any

import pytest
from gradviz.server import create_app, serving
from gradviz.server.workers import Workers
from served import TOKEN, recording, running

from benchmarks.harness import Failed
from benchmarks.served import Connection, body_of

HEADERS = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN}


class Task:
    """Notes who does it, and waits until it may end."""

    def __init__(self, done: bool = True) -> None:
        self.begun, self.may_end, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.by, self.cancelled = "", False
        if done:
            self.may_end.set()

    def service(self) -> None:
        self.by = threading.current_thread().name
        self.begun.set()
        self.may_end.wait(5)
        self.ended.set()

    def cancel(self) -> None:
        self.cancelled = True


def resting(workers: Workers, count: int) -> None:
    """Wait until so many rest."""
    for _ in range(500):
        if len(workers._resting) == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(workers._resting)} rest, not {count}")


def test_head_and_body_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    send = serving.Channel.send

    def watched(self: Any, data: bytes, do_close: bool = True) -> int:
        sent.append(data)
        return int(send(self, data, do_close))

    monkeypatch.setattr(serving.Channel, "send", watched)
    monkeypatch.setattr("benchmarks.served.TOKEN", TOKEN)
    with running(recording()) as port, Connection(port) as connection:
        for path in ("/api/passes/0/steps?start=3&count=1", "/api/passes/0/steps?start=41", "/api/recording"):
            sent.clear()
            answer = connection.answer(connection.request(path))
            assert sent == [answer]
            length = re.search(rb"Content-Length: (\d+)", answer)
            assert length and int(length[1]) == len(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_bodies_of_all_sizes_arrive_whole(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    body = bytes(i % 251 for i in range(size))
    monkeypatch.setattr("benchmarks.served.TOKEN", TOKEN)
    monkeypatch.setattr("gradviz.server.answers.encoded", lambda document: body)
    with running(recording()) as port, Connection(port) as connection:
        for _ in range(2):  # and the connection is still good
            assert body_of(connection.answer(connection.request("/api/recording"))) == body


def test_what_measures_tells_an_answer_from_a_refusal() -> None:
    with running(recording()) as port, Connection(port) as connection:  # with the token of benchmarks
        with pytest.raises(Failed, match="401"):
            body_of(connection.answer(connection.request("/api/recording")))


def test_who_rested_last_goes_first() -> None:
    workers = Workers(3)
    resting(workers, 3)
    names = set()
    for _ in range(20):
        task = Task()
        workers.add_task(task)
        assert task.ended.wait(5)
        names.add(task.by)
        resting(workers, 3)
    workers.shutdown()
    assert len(names) == 1


def test_all_work_at_once_and_what_waits_is_done_in_order() -> None:
    workers = Workers(2)
    resting(workers, 2)
    slow, queued = [Task(done=False) for _ in range(2)], [Task() for _ in range(5)]
    for task in [*slow, *queued]:
        workers.add_task(task)
    assert all(task.begun.wait(5) for task in slow) and slow[0].by != slow[1].by
    assert not any(task.begun.is_set() for task in queued)
    slow[1].may_end.set()  # the other goes on
    assert all(task.ended.wait(5) and task.by == slow[1].by for task in queued)
    slow[0].may_end.set()
    workers.shutdown()


def test_the_end_calls_off_what_waits_and_lets_what_runs_end() -> None:
    workers = Workers(2)
    resting(workers, 2)
    slow, queued = [Task(done=False) for _ in range(2)], Task()
    for task in [*slow, queued]:
        workers.add_task(task)
    assert all(task.begun.wait(5) for task in slow)
    workers.shutdown(timeout=0.05)
    assert queued.cancelled and not queued.begun.is_set()
    for task in slow:
        task.may_end.set()
    for worker in workers._all:
        worker.join(5)
        assert not worker.is_alive()


def test_a_task_that_fails_ends_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Task):
        def service(self) -> None:
            super().service()
            raise SystemExit

    workers = Workers(1)
    with caplog.at_level(logging.ERROR, "waitress"):
        for task in (Failing(), Task()):
            workers.add_task(task)
            assert task.ended.wait(5)
    workers.shutdown()
    assert "SystemExit" in caplog.text


def test_turns_are_short_while_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def started(*_: object) -> None:
        seen.append(sys.getswitchinterval())
        raise ZeroDivisionError

    monkeypatch.setattr(serving, "start_server", started)
    before = sys.getswitchinterval()
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(ZeroDivisionError):
        serving._run(None, listening)
    assert seen == [pytest.approx(serving._TURN)] and sys.getswitchinterval() == before


def test_nothing_is_kept_of_a_request() -> None:
    client = create_app(recording(), token=TOKEN).test_client()
    for path in ("/", "/api/recording", "/nowhere"):
        answer = client.get(path, headers={**HEADERS, "Cookie": "session=x"})
        assert "Set-Cookie" not in answer.headers and "Vary" not in answer.headers
