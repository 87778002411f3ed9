"""empathy-scan: understood or recited to? Scores agent turns in call, chat and e-mail transcripts, offline."""

__version__ = "0.1.0"
