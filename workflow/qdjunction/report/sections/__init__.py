"""The sections of the page, a module each: which files and figures they take, how they draw and word them."""
