"""The model: how text becomes labels, and how that is trained, judged, saved and explained."""
