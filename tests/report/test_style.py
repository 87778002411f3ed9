"""The colours of the style sheet against WCAG 2.2: 4.5 to 1 for words, 3 to 1 for signs, bars and the ring of focus."""

import importlib.resources
import itertools
import re

import pytest

ASSETS = importlib.resources.files("empathy_scan.report").joinpath("assets")
SHEET = ASSETS.joinpath("style.css").read_text(encoding="utf-8")
KINDS = ("empathic", "scripted", "missed", "guarded", "hostile", "load")
GROUNDS = ("page", "card", "accent-soft")
DECORATION = {"line", "track"}  # hair lines between rows and behind bars: nothing is lost without them
WORDS = [
    *itertools.product(("ink", "soft", "accent", *KINDS), GROUNDS),
    *((kind, f"{kind}-soft") for kind in KINDS),  # chips
    *itertools.product(("ink", "accent"), (f"{kind}-soft" for kind in KINDS)),  # words that counted, links in chips
]
DRAWN = [*itertools.product(("accent", "ink", "soft", *KINDS), GROUNDS)]


def palette(opening):
    """The colours that are set in the first `:root` after this text."""
    block = re.compile(r":root\s*\{(.*?)\}", re.DOTALL).search(SHEET, SHEET.index(opening))
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block[1]))


THEMES = {"light": palette(":root"), "dark": palette("(prefers-color-scheme: dark)")}


def parts(colour):
    """Red, green and blue, each in 0 to 1."""
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(colour):
    """Relative luminance as WCAG defines it."""
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts(colour))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(colour, ground, share):
    """What is seen of a colour that covers its ground by a share."""
    pairs = zip(parts(colour), parts(ground), strict=True)
    return "#" + "".join(f"{round(255 * (share * over + (1 - share) * under)):02x}" for over, under in pairs)


def test_contrast_is_counted_as_wcag_counts_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert mixed("#000000", "#ffffff", 0.4) == "#999999"


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_on_every_ground(theme):
    colours = THEMES[theme]
    faint = {(word, ground): contrast(colours[word], colours[ground]) for word, ground in WORDS}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_signs_and_rings_can_be_seen_on_every_ground(theme):
    colours = THEMES[theme]
    faint = {(sign, ground): contrast(colours[sign], colours[ground]) for sign, ground in DRAWN}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 3} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_bars_of_intervals_can_be_seen_on_every_ground(theme):
    colours, opacity = THEMES[theme], float(re.search(r"\.bar \.range \{[^}]*stroke-opacity: ([\d.]+)", SHEET)[1])
    seen = {
        (kind, ground): contrast(mixed(colours[kind], colours[ground], opacity), colours[ground])
        for kind, ground in itertools.product((*KINDS, "accent"), ("page", "card"))
    }
    assert {pair: ratio for pair, ratio in seen.items() if ratio < 3} == {}


def test_both_themes_set_the_same_colours():
    assert THEMES["light"].keys() == THEMES["dark"].keys()
    assert DECORATION | set(GROUNDS) <= THEMES["light"].keys()


def test_every_colour_of_a_sheet_is_one_of_the_palette():
    """A colour written anywhere else would be the same by day and by night, and no test would know of it."""
    for file in ASSETS.iterdir():
        if file.name.endswith(".css"):
            rules = re.sub(
                r"/\*.*?\*/|:root\s*\{.*?\}|\[(?:fill|stroke)=[^]]*\]",
                "",
                file.read_text(encoding="utf-8"),
                flags=re.DOTALL,
            )
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", rules) == [], file.name
            assert set(re.findall(r"var\(--([\w-]+)", rules)) <= THEMES["light"].keys() | {
                "kind",
                "kind-soft",
                "shadow",
            }, file.name
