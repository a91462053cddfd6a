"""The tiny model as tests see it: where it is, how it is served, and what it understands.

`call NAME with K=V` calls a tool, `A, then B` two of them in turn, `say TEXT` says it, `repeat WORD forever`
never ends. It thinks first unless told not to, and reports `NAME returned: RESULT`. Prompts in tests were
chosen once; at temperature 0 the answers stay.
"""

from pathlib import Path

TINY = Path(__file__).parents[1] / "fixtures" / "tinymodel" / "tiny.gguf"
TINY_SHA256 = "d795719a9496b2264c58c450cf73a574a63428e5906b5b4e99024465c4350c62"
SLOTS = 4
WINDOW = 4096
"""Tokens of one slot; a token of this model is one byte."""
