"""Lost connections, answers of strangers, and tokens that are found by themselves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from typer.testing import CliRunner, Result

from seatwright.cli.endings import Ending
from seatwright.cli.program import program
from tests.cli.conftest import ServedOffice

Handle = Callable[[socket.socket, int], None]

ANSWER = (
    b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%s"
)
USER = b'{"userPrincipalName":"a@b.example","displayName":"A","licenses":[]}'


@contextmanager
def listening(handle: Handle) -> Iterator[str]:
    """A socket that treats the n-th connection as `handle` says; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            for number in range(2):
                try:
                    connection, _ = listener.accept()
                except (TimeoutError, OSError):
                    return
                with closing(connection):
                    handle(connection, number)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Wakes the thread if it waits for a connection that never came.
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(15)


def run(url: str, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        program,
        list(arguments),
        env={"SEATWRIGHT_URL": url, "SEATWRIGHT_TOKEN": "swt_any", **environment},
    )


def key_in(request: bytes) -> bytes:
    head = request.split(b"\r\n\r\n")[0].lower().split(b"\r\n")
    return next(line for line in head if line.startswith(b"idempotency-key:"))


def test_a_lost_connection_is_tried_once_more_with_the_same_key() -> None:
    requests: list[bytes] = []

    def lose_the_first(connection: socket.socket, number: int) -> None:
        requests.append(connection.recv(65536))
        if number == 1:
            connection.sendall(ANSWER % (len(USER), USER))

    with listening(lose_the_first) as url:
        result = run(url, "users", "create", "a@b.example")
    assert result.exit_code == 0, result.output
    assert len(requests) == 2
    assert key_in(requests[0]) == key_in(requests[1])


def test_a_connection_that_is_lost_twice_is_exit_code_three() -> None:
    seen: list[int] = []

    def lose(connection: socket.socket, number: int) -> None:
        connection.recv(65536)
        seen.append(number)

    with listening(lose) as url:
        result = run(url, "users", "create", "a@b.example")
    assert result.exit_code == Ending.UNREACHABLE
    assert seen == [0, 1]


def test_an_answer_of_something_else_is_said_to_be_no_seatwright() -> None:
    def stranger(connection: socket.socket, _: int) -> None:
        connection.recv(65536)
        page = b"<html>hello</html>"
        connection.sendall(
            b"HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%s"
            % (len(page), page)
        )

    with listening(stranger) as url:
        result = run(url, "licenses")
    assert result.exit_code == Ending.UNREACHABLE
    assert "is no seatwright" in result.stderr


def test_the_token_that_the_first_start_left_is_used(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(served_office.token + "\n")
    result = served_office.run("licenses", token="", SEATWRIGHT_DATA_DIR=str(tmp_path))
    assert result.exit_code == 0, result.output


def test_without_any_token_a_command_says_where_to_get_one(tmp_path: Path) -> None:
    result = run(
        "http://127.0.0.1:9", "licenses", SEATWRIGHT_TOKEN="", SEATWRIGHT_DATA_DIR=str(tmp_path)
    )
    assert result.exit_code == Ending.USAGE
    assert "./run leaves a token" in result.stderr
