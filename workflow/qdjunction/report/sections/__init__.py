"""The sections of the page, one module each: their files, figures, captions, tables and text."""
