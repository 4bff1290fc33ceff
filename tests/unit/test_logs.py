"""What looks like a secret never gets into a log line."""

import io
import logging

import pytest

from pellacia_service.logs import LOUD, Redacting, redact, set_up_logs

SECRET = "s3cr3t-Token_0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: basic {SECRET}==",
        f"GET https://x.test/a?access_token={SECRET}&b=1",
        f"https://127.0.0.1/callback?code={SECRET}&state={SECRET}",
        f'{{"refresh_token": "{SECRET}", "expires_in": 3}}',
        f"{{'client_secret': '{SECRET}'}}",
        f"code_verifier={SECRET}",
        f"upload_token={SECRET}",
        f"[(b'x', b'token={SECRET}')]",
        f"ya29.{SECRET}",
        f"EAAB{SECRET}",
        f"act.{SECRET}",
        f"1//0{SECRET}",
        f"password: {SECRET}",
    ],
)
def test_a_secret_is_blotted_out_wherever_it_stands(text: str) -> None:
    assert SECRET not in redact(text)
    assert redact(text) != text


@pytest.mark.parametrize(
    "text",
    [
        "youtube: told to wait: quotaExceeded",
        "The token of @nina has run out. Sign in again: pellacia-dist auth login x",
        "GET https://www.googleapis.com/upload/youtube/v3/videos?part=status 200",
        "key 0e4b73802aa7 retired",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_a_handler_writes_neither_the_secret_of_a_line_nor_that_of_its_traceback() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(Redacting())
    log = logging.Logger("a log of this test")
    log.addHandler(handler)

    try:
        raise ValueError(f"access_token={SECRET}")
    except ValueError:
        log.exception("GET %s", f"/?token={SECRET}")

    assert "Traceback" in written.getvalue()
    assert SECRET not in written.getvalue()


def test_libraries_that_log_addresses_only_warn() -> None:
    set_up_logs("")

    assert {logging.getLogger(name).getEffectiveLevel() for name in LOUD} == {logging.WARNING}
