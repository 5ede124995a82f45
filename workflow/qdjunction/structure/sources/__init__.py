"""Where the structures of a study come from, one file each."""
