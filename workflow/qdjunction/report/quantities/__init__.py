"""What a study has of the values that papers publish, one module for each kind; `registry` has them by name."""
