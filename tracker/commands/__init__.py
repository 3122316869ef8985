"""What the commands of `python -m tracker` do: read files, call the core, write files and print."""
