"""Benchmarks: what the program measures, held against what is true about rendered skin.

`accuracy`, `repeatability` and `speed` each give findings that can be stored, Markdown and charts made of them;
`python -m benchmarks --write` runs all three and writes `docs/validation.md`.
"""
