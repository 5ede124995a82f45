"""The steps of a study, from files to files; rule scripts and commands call these and nothing deeper."""
