import pytest

from agent.models.local import refusal
from tests.mission import requirement


@requirement("C9")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434",
        "http://127.8.9.10:1",
        "http://localhost:1234/v1",
        "http://LOCALHOST.:1",
        "http://models.localhost:8080",
        "https://[::1]:8443",
        "http://[::ffff:127.0.0.1]:80",
    ],
)
def test_an_address_on_this_machine_is_used(url: str) -> None:
    assert refusal(url, allow_remote=False) is None


@requirement("C9")
@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7:11434",
        "https://ollama.com",
        "http://192.168.1.5:1234",
        "http://0.0.0.0:11434",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[fe80::1]:80",
    ],
)
def test_an_address_elsewhere_is_refused_unless_the_setting_allows_it(url: str) -> None:
    said = refusal(url, allow_remote=False)
    assert said is not None
    assert "not on this machine" in said
    assert refusal(url, allow_remote=True) is None


@requirement("C9")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:11434",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://",
        "http://127.0.0.1@example.com",
        "http://user:pw@127.0.0.1",
        "http://example.com\\@127.0.0.1",
        "http://127.0.0.1 .example.com",
        "http://127.0.0.1\n.example.com",
        "http://127.0.0.1:99999",
        "http://[::1",
    ],
)
def test_what_is_no_plain_address_is_refused_whatever_the_setting(url: str) -> None:
    assert refusal(url, allow_remote=False)
    assert refusal(url, allow_remote=True)
