"""The dialogue: state, prompt, generator, recommender, replies, assistant, server and UI."""
