"""Credentials out of what is recorded."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.blanking import safe_headers, without_credentials
from node.qr import qr_path

SECRET = "hunter2-Zx81"
GENERATED = "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZmdoaWo"


@pytest.mark.parametrize(
    "text",
    [
        f'{{"api_key": "{SECRET}"}}',
        f'{{"apiKey":"{SECRET}"}}',
        json.dumps(json.dumps({"password": SECRET})),
        f"Authorization: Bearer {SECRET}",
        f"password={SECRET}&user=bob",
        f"http://127.0.0.1:8765/?token={SECRET}",
        f"http://bob:{SECRET}@127.0.0.1/v1",
        f"Cookie: palaver_8765={SECRET}",
    ],
)
def test_what_stands_under_the_name_of_a_credential_is_blanked(text: str) -> None:
    assert SECRET not in without_credentials(text)
    assert "***" in without_credentials(text)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-abcdefghijklmnop1234",
        "ghp_abcdefghijklmnopqrstuvwx",
        "xoxb-1234567890-abc",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
        "palaver1:abcdefgh234567abcdefgh",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n",
        GENERATED,
    ],
)
def test_what_has_the_shape_of_a_credential_is_blanked_wherever_it_stands(secret: str) -> None:
    assert secret.strip() not in without_credentials(f"look: {secret} and go on")


@pytest.mark.parametrize(
    "text",
    [
        '{"max_tokens": 512, "prompt_tokens": 20, "token": 5}',
        '{"tokenizer": "llama", "token": {"type": "string"}}',
        '{"model":"gemma4:e2b","message":{"role":"assistant","content":"The key idea is this."}}',
        "http://127.0.0.1:11434/api/chat",
        "the node " + "abcdefghijklmnopqrstuvwxyz234567" * 2,
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert without_credentials(text) == text


def test_only_the_headers_that_carry_credentials_lose_their_values() -> None:
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "X-Api-Key": SECRET,
        "cookie": SECRET,
        "Content-Type": "application/json",
        "X-Trace": GENERATED,
    }
    assert safe_headers(headers) == {
        "Authorization": "***",
        "X-Api-Key": "***",
        "cookie": "***",
        "Content-Type": "application/json",
        "X-Trace": "***",
    }


NAMES = st.sampled_from(["token", "api_key", "API-KEY", "Password", "client_secret", "authorization"])


@given(
    NAMES,
    st.text(string.ascii_letters + string.digits + " _-.!", min_size=6, max_size=60),
    st.text(max_size=40),
)
def test_no_value_in_json_survives_under_such_a_name(name: str, value: str, around: str) -> None:
    body = json.dumps({"before": around, name: f"<{value}>", "after": around})
    blanked = json.loads(without_credentials(body))
    assert blanked[name] in {"***", "<***"}


@given(st.text(max_size=400))
def test_any_text_can_be_looked_at(text: str) -> None:
    without_credentials(text)


def test_a_ticket_is_blanked_however_it_is_written_or_drawn() -> None:
    ticket = "palaver1:" + "abcdefgh234567" * 8
    picture = qr_path(ticket.upper()).path
    shown = without_credentials(f'{{"ticket": "{ticket.upper()}", "was": "{ticket}", "path": "{picture}"}}')
    assert shown == '{"ticket": "***", "was": "***", "path": "***"}'
