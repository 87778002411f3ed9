"""HTML mail to plain text: line breaks at blocks only, quoted blocks as `>` lines, nothing that is not shown."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

# A private-use character stands for "new line here" while white space of the source is squeezed.
_BREAK = "\ue000"
_UNSEEN = ["script", "style", "head", "title", "template", "noscript"]
_BLOCKS = "p, div, tr, li, ul, ol, table, h1, h2, h3, h4, h5, h6, hr, pre, section, article, header, footer, center"
# Signatures and the quoted history of mail programs that do not use <blockquote>.
_LEFT_OUT = (
    "div.gmail_signature, div.moz-signature, pre.moz-signature, div#Signature, div.yahoo_quoted, "
    "div[class*=yahoo_quoted], div#AppleMailSignature, div.protonmail_signature_block, "
    "div#ms-outlook-mobile-signature, "
    "div[name=quote], div[data-marker=__QUOTED_TEXT__], span#OLK_SRC_BODY_SECTION, div#OLK_SRC_BODY_SECTION, img"
)
# Where Outlook, Hotmail and Zimbra begin the history: all that comes after is quoted.
_HISTORY = (
    "div#appendonsend, div#divRplyFwdMsg, div#mail-editor-reference-message-container, hr#stopSpelling, hr#zwchr, "
    "div.freshdesk_quote"
)
_SEPARATOR = "-----Original Message-----"
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)", re.IGNORECASE)


def to_text(source: str) -> str:
    """The text that a reader of the mail sees; what is quoted becomes a line that begins with `>`."""
    tree = LexborHTMLParser(source.replace(_BREAK, ""))
    tree.strip_tags(_UNSEEN, recursive=True)
    for node in tree.css(_LEFT_OUT):
        node.decompose()
    for node in tree.css("[style]"):
        if node.tag not in {"body", "html"} and _HIDDEN.search(node.attributes.get("style") or ""):
            node.decompose()
    _mark_history(tree)
    for node in tree.css("br"):
        node.insert_after(_BREAK)
    for node in tree.css("td, th"):
        node.insert_after(" ")
    for node in tree.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK if node.tag != "p" else _BREAK * 2)
    root = tree.body or tree.root
    return _squeezed(root.text(deep=True, separator="") if root is not None else "")


def _mark_history(tree: LexborHTMLParser) -> None:
    """Quotes become a line that begins with `>`; where all that follows is quoted, a separator is put."""
    for node in tree.css("div.gmail_quote"):
        if node.css_first("blockquote") is None:  # a forwarded mail
            node.decompose()
    while (quote := tree.css_first("blockquote")) is not None:
        quote.replace_with(f"{_BREAK}> (quoted){_BREAK}")
    for node in tree.css(_HISTORY):
        node.insert_before(f"{_BREAK}{_SEPARATOR}{_BREAK}")


def _squeezed(text: str) -> str:
    """The text with single spaces, and at most one blank line in a row."""
    text = re.sub(r"[ \t\r\n\f\xa0]+", " ", text)
    lines = "\n".join(line.strip() for line in text.split(_BREAK))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
