"""What follows from the Green's function and from T(E), a module each."""
