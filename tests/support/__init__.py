"""What the tests share: paths, processes, distributions, studies, and systems with a known answer."""
