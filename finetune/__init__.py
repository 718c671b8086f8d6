"""Data readers, training, evaluation, simulation and export."""
