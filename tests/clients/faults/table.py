"""The fault table as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tests.clients.faults.measurement import Loss
from tests.clients.faults.situations import Situation

HEAD: Final = """# What the official SDKs lose under each fault

{clients}, unmodified, each driven as its README has it (`tests/clients/drivers`),
against every kind of fault (faults.md) over loopback: {clip_audio_s:g} s of speech, two sentences, in real time
(`no-pongs` at 0.15 times, because pings go by the clock and the first comes after 20 s).

This page is written by `python -m tests.clients.faults.measure`, which takes some minutes; do not edit it.

- **Words** are those of the final Results against the client's own run without a fault, which had {words} of them.
- **Ends** is the time until the client's process had ended by itself; *hangs* means that it was still there after
  {limit_s:g} s and was killed.
- **Noticed** is the time from the fault to the first error or close that the program was told; a dash means
  that it was told nothing, or nothing but the ordinary close at the end.
- **Connections** are those that reached the server. *Time restarts* means that results of the second connection count
  their time from 0 again, so that they overlap what was there before.
- `@deepgram/sdk` 5 waits 1 to 5 s, drawn anew by each process, before it comes back: how many words that costs, and
  whether the audio is over by then, differs from run to run. What is sent meanwhile fails with `Socket is not open.`
  and is not sent again. `deepgram-sdk` never comes back by itself.
- `@deepgram/sdk` 5 hands the message of `inject what=wrong-types` to the program as it is: one that trusts it breaks.
- For `no-from-finalize` the program sends Finalize at the end and waits for the answer before it sends CloseStream.
"""


def render(
    results: Mapping[str, Sequence[tuple[Situation, Loss]]],
    *,
    words: int,
    clip_audio_s: float,
    limit_s: float,
) -> str:
    """The whole page; `results` has one section's rows for each client."""
    head = HEAD.format(clients=" and ".join(results), words=words, clip_audio_s=clip_audio_s, limit_s=limit_s)
    return "\n".join([head, *(_section(client, rows) for client, rows in results.items())])


def _section(client: str, rows: Iterable[tuple[Situation, Loss]]) -> str:
    lines = [
        f"## {client}",
        "",
        "| Fault | Words | Connections | Ends | Noticed | The first error the user sees |",
        "|---|---|---|---|---|---|",
        *(_row(situation, loss) for situation, loss in rows),
        "",
    ]
    return "\n".join(lines)


def _row(situation: Situation, loss: Loss) -> str:
    cells = [
        f"`{situation.fault}`" if situation.fault else "none",
        words_of(loss),
        f"{loss.connections}" + (", time restarts" if loss.backwards and loss.connections > 1 else ""),
        f"{loss.took_s:.0f} s" if loss.ended else "**hangs**",
        noticed(loss),
        f"`{loss.error}`" if loss.error else "none",
    ]
    return f"| {' | '.join(cells)} |"


def words_of(loss: Loss) -> str:
    """What became of the words, in words."""
    parts = [(loss.lost, "lost"), (loss.changed, "changed"), (loss.extra, "too many")]
    return ", ".join(f"{count} {what}" for count, what in parts if count) or "all"


def noticed(loss: Loss) -> str:
    """When the user was told."""
    return "–" if loss.noticed_s is None else f"{loss.noticed_s:.1f} s"
