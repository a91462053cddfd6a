import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.base import ErrorKind
from agent.models.failure import TEXT_MAX_CHARS, failure, stream_failure, words
from tests.mission import requirement

INNER = {"error": {"code": 400, "message": "request (3019 tokens) exceeds the available context size (512 tokens)",
                   "type": "exceed_context_size_error"}}  # fmt: skip


@requirement("C13")
@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, {"error": "invalid model name"}, ErrorKind.REFUSED, "invalid model name"),
        (400, {"error": json.dumps(INNER)}, ErrorKind.TOO_LONG, "request (3019 tokens) exceeds"),
        (400, INNER, ErrorKind.TOO_LONG, "request (3019 tokens) exceeds"),
        (400, {"error": {"message": "This model's maximum context length is 2048 tokens.", "type": "BadRequestError",
                         "param": "input_tokens", "code": 400}}, ErrorKind.TOO_LONG, "maximum context length"),
        (404, {"error": "model 'nope' not found"}, ErrorKind.NO_MODEL, "model 'nope' not found"),
        (404, {"error": {"message": "The model `x` does not exist.", "code": 404}}, ErrorKind.NO_MODEL, "does not exist"),
        (404, {"detail": "Not Found"}, ErrorKind.REFUSED, "Not Found"),
        (404, "404 page not found", ErrorKind.REFUSED, "404 page not found"),
        (403, "", ErrorKind.REFUSED, "without a reason"),
        (429, {"error": "slow down"}, ErrorKind.BUSY, "slow down"),
        (500, {"error": {"code": 500, "message": "Failed to parse tools", "type": "server_error"}},
         ErrorKind.BROKEN, "Failed to parse tools"),
        (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
         ErrorKind.LOADING, "Loading model"),
        (503, {"error": "server busy, please try again.  maximum pending requests exceeded"},
         ErrorKind.BUSY, "server busy, please try again. maximum pending"),
        (500, {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}},
         ErrorKind.TOO_LONG, "Context size has been exceeded"),
        (400, {"object": "error", "message": "bad request", "code": 400}, ErrorKind.REFUSED, "bad request"),
    ],
)  # fmt: skip
def test_an_error_of_any_shape_gives_its_kind_and_the_servers_own_words(
    status: int, body: object, kind: ErrorKind, said: str
) -> None:
    error = failure("Ollama at x", status, body if isinstance(body, str) else json.dumps(body))
    assert error.kind is kind
    assert said in str(error)
    assert "{" not in str(error)


@requirement("C13")
def test_the_servers_words_are_cut_and_put_on_one_line() -> None:
    said = words({"error": "a\x1b[31m\n\tb" + "c" * 10_000})
    assert said.startswith("a [31m bc")
    assert len(said) == TEXT_MAX_CHARS


def test_a_web_page_is_named_and_not_shown() -> None:
    error = failure("Ollama at http://127.0.0.1:1", 502, " <html><body>Bad gateway</body></html>")
    assert error.kind is ErrorKind.REFUSED
    assert "no Ollama at http://127.0.0.1:1" in str(error)
    assert "html" not in str(error)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda part: st.lists(part) | st.dictionaries(
    st.sampled_from(["error", "message", "detail", "x"]), part)))  # fmt: skip
def test_any_error_value_becomes_a_bounded_sentence(value: object) -> None:
    assert len(words(value)) <= TEXT_MAX_CHARS
    assert str(stream_failure("s", value))
    assert str(failure("s", 500, json.dumps(value)))
