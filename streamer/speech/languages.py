"""What must be known of languages whatever the model."""

from __future__ import annotations

UNSPACED_LANGUAGES = frozenset({"ja", "zh"})
"""Written without spaces between words (model contract, section 3); Korean has them."""
