"""What a Configure may change of a running `/v1/listen` session: its keyterms, where the model takes any."""

from __future__ import annotations

from msgspec import UNSET

from harness.protocol.messages import Configure, ConfigureFailure
from harness.protocol.options import ListenOptions
from harness.protocol.query_rules import MAX_KEYTERM_TOKENS


def changes_keyterms(asked: Configure) -> bool:
    """Whether it asks for any change at all."""
    return asked.keyterms not in (UNSET, None)


def refused(asked: Configure, options: ListenOptions, request_id: str, *, pending: bool) -> ConfigureFailure | None:
    """Why a change of keyterms cannot be, or None.

    Args:
        asked: the change.
        options: the query string.
        request_id: of the connection.
        pending: whether the change before it has no answer yet.
    """
    if not options.effective_model.startswith("nova-3"):
        code, why = "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "keyterms can be changed on nova-3 models only"
    # One token for each word at the least, as in the judgement of a query string.
    elif sum(len(term.split()) for term in asked.keyterms or ()) > MAX_KEYTERM_TOKENS:
        code, why = "CONFIGURE_KEYTERM_LIMIT_EXCEEDED", f"the keyterms are more than {MAX_KEYTERM_TOKENS} tokens"
    elif pending:
        code, why = "CONFIGURE_ALREADY_PENDING", "the Configure before it is not answered yet"
    else:
        return None
    return ConfigureFailure(request_id=request_id, code=code, description=why)
