"""Makes the Word and Excel samples and what is expected of them: `python tests/make_office_samples.py`."""

import json
from pathlib import Path

from empathy_scan import readers
from empathy_scan.config import ReadConfig
from office_files import DAY, docx, p, xlsx

FORMATS = Path(__file__).parent / "data" / "formats"
WORD = docx(
    [
        p("*Call with the boiler team"),
        p("5 October 2026"),
        p(""),
        p("*Dana Lopez (Agent)", "   0:03"),
        p("Boiler team, this is Dana. How can I help?"),
        p("*Robin Vale (Customer)", "   0:09"),
        p("It went out again, and my mother is eighty-four. I have rung three times."),
        p("*Dana Lopez (Agent)", "   0:21"),
        p("Three times, with your mother in the cold: I am sorry. I will not hang up before an engineer is booked."),
    ]
)
EXCEL = xlsx(
    {
        "Chats": [
            ["Chats of the repairs queue, October 2026"],
            [],
            ["Chat ID", "Line", "Author Role", "Author", "Sent at", "Message"],
            ["ch-1", 1, "Customer", "Robin Vale", (46300.375, DAY), "Where is the engineer?"],
            ["ch-1", 2, "Agent", "Dana Lopez", (46300.37535, DAY), "He is two streets away, I have just rung him."],
            ["ch-2", 1, "Customer", "Kim Ode", (46301.5, DAY), "The part is wrong."],
            [
                "ch-2",
                2,
                "Agent",
                "Lee Okafor",
                (46301.50139, DAY),
                "Then that is a second visit for nothing. I am sorry.",
            ],
        ],
        "Legend": [["Colour", "Meaning"], ["red", "late"]],
    }
)
KEPT = ("conversation_id", "turn", "role", "speaker", "agent_id", "start", "text")

if __name__ == "__main__":
    for name, content in (("docx/transcript.docx", WORD), ("xlsx/chats.xlsx", EXCEL)):
        path = FORMATS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        rows = readers.read([path], ReadConfig()).turns.select(KEPT).to_dicts()
        path.with_suffix(".expected.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
