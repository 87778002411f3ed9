"""Small Word and Excel files, made as their programs make them: `docx([p("Agent: Hi")])`, `xlsx({"Calls": rows})`."""

import io
import zipfile
from xml.sax.saxutils import escape

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
DAY, CLOCK = 1, 2  # cell styles


def packed(members):
    """A zip archive with fixed dates, so that the same content gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 10, 5, 9, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def run(text, marks=""):
    """A run of text; `marks` such as `<w:b/>`."""
    parts = escape(text).replace("\n", "</w:t><w:br/><w:t xml:space='preserve'>")
    parts = parts.replace("\t", "</w:t><w:tab/><w:t xml:space='preserve'>")
    return f"<w:r><w:rPr>{marks}</w:rPr><w:t xml:space='preserve'>{parts}</w:t></w:r>"


def p(*texts, inside=""):
    """A paragraph; a text that begins with `*` is bold."""
    runs = "".join(run(text[1:], "<w:b/>") if text.startswith("*") else run(text) for text in texts)
    return f"<w:p>{runs}{inside}</w:p>"


def table(*rows):
    """A table of texts."""
    cells = ("".join(f"<w:tc>{p(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def docx(blocks, head=_HEAD):
    """A Word document of such blocks."""
    body = f"{head}<w:document {_W}><w:body>{''.join(blocks)}<w:sectPr/></w:body></w:document>"
    return packed({"[Content_Types].xml": _TYPES, "word/document.xml": body})


def _column(at):
    return (chr(64 + at // 26) if at >= 26 else "") + chr(65 + at % 26)


def _cell(at, row, value, strings):
    place = f'r="{_column(at)}{row}"'
    if isinstance(value, tuple):  # a number and its style, or a formula and its saved value
        first, second = value
        if isinstance(first, str):
            saved = f"<v>{escape(second)}</v>" if second is not None else ""
            return f'<c {place} t="str"><f>{escape(first)}</f>{saved}</c>'
        return f'<c {place} s="{second}"><v>{first}</v></c>'
    if isinstance(value, bool):
        return f'<c {place} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c {place}><v>{value}</v></c>"
    strings.setdefault(value, len(strings))
    return f'<c {place} t="s"><v>{strings[value]}</v></c>'


def xlsx(sheets, *, merged=(), hidden=(), since_1904=False):
    """A workbook: rows of cells by the name of the sheet; None leaves a cell out, an empty row is left out."""
    strings = {}
    parts, listed, links = {}, "", ""
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        body = "".join(
            f'<row r="{at}">'
            + "".join(_cell(c, at, value, strings) for c, value in enumerate(row) if value is not None)
            + "</row>"
            for at, row in enumerate(rows, start=1)
            if row
        )
        spans = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f"{_HEAD}<worksheet {_S}><sheetData>{body}</sheetData><mergeCells>{spans}</mergeCells></worksheet>"
        )
        state = ' state="hidden"' if name in hidden else ""
        listed += f'<sheet name="{escape(name)}" sheetId="{number}"{state} r:id="rId{number}"/>'
        links += f'<Relationship Id="rId{number}" Type="worksheet" Target="worksheets/sheet{number}.xml"/>'
    shared = "".join(f"<si><t xml:space='preserve'>{escape(text)}</t></si>" for text in strings)
    since = '<workbookPr date1904="1"/>' if since_1904 else ""
    return packed(
        {
            "[Content_Types].xml": _TYPES,
            "xl/workbook.xml": f"{_HEAD}<workbook {_S} {_R}>{since}<sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f"{_HEAD}<Relationships>{links}</Relationships>",
            "xl/styles.xml": f'{_HEAD}<styleSheet {_S}><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/>'
            '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="21"/></cellXfs></styleSheet>',
            "xl/sharedStrings.xml": f"{_HEAD}<sst {_S}>{shared}</sst>",
            **parts,
        }
    )
