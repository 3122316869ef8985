"""One module per revision, named after the schema that it leads to."""
