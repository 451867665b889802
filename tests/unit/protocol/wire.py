"""Messages as they are on the wire."""

from pathlib import Path

WIRE = Path(__file__).parents[3] / "fixtures" / "wire"
RESULTS = (WIRE / "results-final.json").read_text(encoding="utf-8").strip()
METADATA = (WIRE / "metadata.json").read_text(encoding="utf-8").strip()
