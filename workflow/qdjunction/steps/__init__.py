"""The steps of a study, each from files to files, for rule scripts and commands."""
