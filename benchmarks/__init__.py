"""Every figure that the project quotes, each side by side with a named alternative."""
