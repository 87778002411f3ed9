"""What a model makes of different groups: kinds of language, rewritten messages, and error rates side by side."""
