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

This page is written by `python -m tests.clients.faults.measure`, which takes some minutes; do not edit it. Every row is
{runs} runs; where they differ, the lowest and the highest are shown.

- **Words** are those of the final Results against the client's own run without a fault, which had {words} of them.
- **Ends** is the time until the client's process had ended by itself; *hangs* means that it was still there after
  {limit_s:g} s and was killed.
- **Noticed** is the time from the fault to the first error or close that the program was told; a dash means
  that it was told nothing, or nothing but the ordinary close at the end.
- **Connections** are those that reached the server. *Time restarts* means that results of the second connection count
  their time from 0 again, so that they overlap what was there before.
- `@deepgram/sdk` 5 waits 1 to 5 s, drawn anew by each process, before it comes back: how many words that costs, and
  whether the audio is over by then, is chance. What is sent meanwhile fails with `Socket is not open.`
  and is not sent again. `deepgram-sdk` never comes back by itself.
- `@deepgram/sdk` 5 hands the message of `inject what=wrong-types` to the program as it is: one that trusts it breaks.
- For `no-from-finalize` the program sends Finalize at the end and waits for the answer before it sends CloseStream.
"""


def render(
    results: Mapping[str, Sequence[tuple[Situation, Sequence[Loss]]]],
    *,
    runs: int,
    words: int,
    clip_audio_s: float,
    limit_s: float,
) -> str:
    """The whole page; `results` has one section's rows for each client, and of each row so many runs."""
    head = HEAD.format(
        clients=" and ".join(results), runs=runs, words=words, clip_audio_s=clip_audio_s, limit_s=limit_s
    )
    return "\n".join([head, *(_section(client, rows) for client, rows in results.items())])


def _section(client: str, rows: Iterable[tuple[Situation, Sequence[Loss]]]) -> str:
    lines = [
        f"## {client}",
        "",
        "| Fault | Words | Connections | Ends | Noticed | The first error the user sees |",
        "|---|---|---|---|---|---|",
        *(_row(situation, losses) for situation, losses in rows),
        "",
    ]
    return "\n".join(lines)


def _row(situation: Situation, losses: Sequence[Loss]) -> str:
    cells = [
        f"`{situation.fault}`" if situation.fault else "none",
        words_of(losses),
        connections(losses),
        ends(losses),
        noticed(losses),
        " or ".join(sorted({f"`{loss.error}`" if loss.error else "none" for loss in losses})),
    ]
    return f"| {' | '.join(cells)} |"


def span(values: Sequence[float], digits: int = 0) -> str:
    """The values of all runs: one number when they are alike as far as it shows, else the lowest and the highest."""
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return low if low == high else f"{low}-{high}"


def some(count: int, of: int) -> str:
    """Nothing when it was so in every run, else in how many."""
    return "" if count == of else f" in {count} of {of}"


def words_of(losses: Sequence[Loss]) -> str:
    """What became of the words, in words."""
    parts = [
        ([loss.lost for loss in losses], "lost"),
        ([loss.changed for loss in losses], "changed"),
        ([loss.extra for loss in losses], "too many"),
    ]
    return ", ".join(f"{span(counts)} {what}" for counts, what in parts if any(counts)) or "all"


def connections(losses: Sequence[Loss]) -> str:
    """How many, and whether the clock of the results began again."""
    restarts = sum(loss.backwards and loss.connections > 1 for loss in losses)
    text = span([loss.connections for loss in losses])
    return f"{text}, time restarts{some(restarts, len(losses))}" if restarts else text


def ends(losses: Sequence[Loss]) -> str:
    """When the client's process did."""
    ended = [loss.took_s for loss in losses if loss.ended]
    hung = len(losses) - len(ended)
    parts = [f"{span(ended)} s"] if ended else []
    return ", ".join([*parts, f"**hangs**{some(hung, len(losses))}"] if hung else parts)


def noticed(losses: Sequence[Loss]) -> str:
    """When the user was told."""
    told = [loss.noticed_s for loss in losses if loss.noticed_s is not None]
    return f"{span(told, 1)} s{some(len(told), len(losses))}" if told else "–"
