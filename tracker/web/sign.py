"""The product's sign. Given as SVG text, it reaches the page as a data address: no icon or font server is asked."""

from __future__ import annotations

_SIGN = (
    '<circle cx="16" cy="16" r="14" fill="#3f8fcf"/><path d="M16 2a14 14 0 0 1 0 28z" fill="#14639e"/>'
    '<path d="M16 2v28" stroke="#fff" stroke-width="2.5"/>'
)
MARK = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">{_SIGN}</svg>'
WORDMARK = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 124 32" width="124" height="32">{_SIGN}'
    '<text x="40" y="23" font-family="system-ui, sans-serif" font-size="21" font-weight="600" fill="#3f8fcf">'
    "tracker</text></svg>"
)
