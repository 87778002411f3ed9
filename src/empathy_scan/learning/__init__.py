"""Learning from review: a bundle calibrated to a centre's own labels, or fine-tuned on them, each behind a guard."""
