"""The phrase tables of simulated people and assistants, one module a language, and the voice that fills them."""
