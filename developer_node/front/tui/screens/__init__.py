"""One screen and one stylesheet a view."""
