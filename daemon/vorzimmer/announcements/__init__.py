"""Sound files: intake, conversion, the library on disk."""
