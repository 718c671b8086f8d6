"""The retrieval layer: catalogue, retrievers, title linking, grounding and constraints."""
