// What the tests ask of a page. Every function gives a list of faults in words, empty where there is none.
"use strict";

const named = (node) => {
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const sort = [...element.classList].map((name) => `.${name}`).join("");
  return `<${element.localName}${sort}> ${(element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60).toWellFormed()}`;
};
const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true });
// Words for screen readers are cut to nothing on purpose, and the skip link stands outside until it has the focus.
const onlySpoken = (element) => {
  for (let each = element; each; each = each.parentElement)
    if (getComputedStyle(each).clipPath === "inset(50%)" || each.matches(".skip")) return true;
  return false;
};
const elements = () => [...document.body.querySelectorAll("*")].filter((each) => shown(each) && !onlySpoken(each));
const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
const scroller = (element) => {
  for (let each = element; each && each !== document.body; each = each.parentElement) if (scrolls(each)) return each;
  return null;
};
function* texts() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (node.data.trim() && element.localName !== "title" && shown(element) && !onlySpoken(element)) yield node;
  }
}
const rects = (node) => {
  const range = document.createRange();
  range.selectNodeContents(node);
  return [...range.getClientRects()].filter((each) => each.width > 0 && each.height > 0);
};

// The page is no wider than the window, and no text stands beyond its edge or outside its box.
function tooWide() {
  const page = document.documentElement;
  const faults = page.scrollWidth > page.clientWidth ? [`the page: ${page.scrollWidth} of ${page.clientWidth}`] : [];
  for (const each of elements()) {
    const box = each.clientWidth > 0 && !each.closest("svg") && !scrolls(each);
    if (box && each.scrollWidth > each.clientWidth + 1) {
      const inside = [...each.querySelectorAll("*")].find((child) => scrolls(child));
      if (!inside) faults.push(`${named(each)}: ${each.scrollWidth} of ${each.clientWidth}`);
    }
  }
  for (const node of texts()) {
    const beyond = rects(node).find((each) => each.right > page.clientWidth + 1 || each.left < -1);
    if (beyond && !scroller(node.parentElement)) faults.push(`${named(node)} ends at ${beyond.right}`);
  }
  return faults;
}

// Nothing that could hide a part of a text: on paper nobody scrolls.
function clipped() {
  const faults = [];
  for (const each of elements()) {
    const style = getComputedStyle(each);
    if (each.closest("svg") === null && `${style.overflowX}${style.overflowY}` !== "visiblevisible")
      faults.push(`${named(each)}: overflow ${style.overflowX} ${style.overflowY}`);
    if (style.textOverflow !== "clip") faults.push(`${named(each)}: ${style.textOverflow}`);
    if (style.webkitLineClamp !== "none") faults.push(`${named(each)}: line-clamp`);
    if (style.position === "fixed" || style.position === "sticky") faults.push(`${named(each)}: ${style.position}`);
  }
  return faults;
}

// Words in drawings stand inside the drawing.
function cutDrawings() {
  const faults = [];
  for (const word of document.querySelectorAll("svg[role=img] text")) {
    if (!shown(word)) continue;
    const [text, box] = [word.getBoundingClientRect(), word.closest("svg[role=img]").getBoundingClientRect()];
    const cut = text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1;
    if (cut || text.bottom > box.bottom + 1) faults.push(named(word));
  }
  return faults;
}

// No text lies over another. A line's box is taller than its letters: a third of it may be shared.
function overlapping() {
  const faults = [];
  const boxes = [...texts()].flatMap((node) => rects(node).map((box) => [node, box]));
  boxes.sort((one, other) => one[1].top - other[1].top);
  boxes.forEach(([node, box], place) => {
    for (const [other, beside] of boxes.slice(place + 1)) {
      if (beside.top > box.bottom) break;
      const width = Math.min(box.right, beside.right) - Math.max(box.left, beside.left);
      const height = Math.min(box.bottom, beside.bottom) - beside.top;
      const tall = height > 0.4 * Math.min(box.height, beside.height);
      if (node !== other && width > 2 && tall) faults.push(`${named(node)} | ${named(other)}`);
    }
  });
  return faults;
}

// Everything that is tapped is as large as a finger needs; a link inside a sentence is as large as its words.
function smallTargets(least) {
  const targets = elements().filter((each) => each.matches("a[href], button, summary, select, input, [tabindex='0'], [role=button]"));
  const inSentence = (each) =>
    each.localName === "a" &&
    [...each.parentElement.childNodes].some((other) => other.nodeType === Node.TEXT_NODE && /\w\w/.test(other.data));
  return targets
    .filter((each) => !inSentence(each) && !scrolls(each))
    .filter((each) => {
      const label = each.labels && each.labels.length ? each.labels[0].getBoundingClientRect() : null;
      const box = each.getBoundingClientRect();
      return Math.max(box.width, label?.width ?? 0) < least || Math.max(box.height, label?.height ?? 0) < least;
    })
    .map((each) => `${named(each)}: ${each.getBoundingClientRect().width} x ${each.getBoundingClientRect().height}`);
}

// Latin words of one line stand from left to right as they are written, whatever stands between them.
function turnedWords() {
  const faults = [];
  const last = new Map();
  for (const node of texts()) {
    const element = node.parentElement;
    if (element.closest("[dir], bdi, svg") !== document.documentElement && element.closest("[dir], bdi, svg")) continue;
    let block = element;
    while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    for (const found of node.data.matchAll(/[A-Za-z0-9]{2,}/g)) {
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const [box, more] = range.getClientRects();
      const before = last.get(block);
      if (!box || more) {
        last.delete(block); // a word that is broken over lines
        continue;
      }
      if (before && Math.abs(before.box.top - box.top) < 2 && box.left < before.box.left)
        faults.push(`${named(block)}: "${found[0]}" stands before "${before.word}"`);
      last.set(block, { box, word: found[0] });
    }
  }
  return faults;
}

// Signs, bars and curves stand out from what is behind them (WCAG 1.4.11): 3 to 1. Hair lines
// are decoration, and so are bands behind curves, whose ends are drawn as lines.
function faintDrawings() {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, below, alpha) => top.slice(0, 3).map((part, at) => alpha * part + (1 - alpha) * below[at]);
  const luminance = (colour) =>
    colour
      .slice(0, 3)
      .map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    const behind = [];
    for (let each = element.closest("svg").parentElement; each; each = each.parentElement)
      behind.push(rgba(getComputedStyle(each).backgroundColor));
    return behind.reverse().reduce((below, top) => over(top, below, top[3]), [255, 255, 255]);
  };
  const root = getComputedStyle(document.documentElement);
  const forced = matchMedia("(forced-colors: active)").matches; // then hair lines have the colour of all else
  const hairs = forced ? [] : ["--line", "--track"].map((name) => rgba(root.getPropertyValue(name)).join());
  const faults = new Set();
  for (const svg of document.querySelectorAll("main svg")) {
    if (svg.parentElement.closest("svg") || !shown(svg) || onlySpoken(svg)) continue;
    const behind = ground(svg);
    for (const mark of svg.querySelectorAll("path, rect, circle, line, text")) {
      if (!shown(mark) || mark.closest("svg svg")?.closest(".split")) continue;
      const style = getComputedStyle(mark);
      const seen = ["fill", "stroke"]
        .filter((name) => style[name] !== "none" && !style[name].startsWith("url"))
        .map((name) => [rgba(style[name]), parseFloat(style[`${name}Opacity`]) * parseFloat(style.opacity)])
        .filter(([colour, opacity]) => colour[3] > 0 && opacity > 0.3 && !hairs.includes(colour.join()));
      if (!seen.length) continue;
      const best = Math.max(...seen.map(([colour, opacity]) => contrast(over(colour, behind, colour[3] * opacity), behind)));
      if (best < 3) faults.add(`${svg.getAttribute("class")} ${mark.localName}.${mark.getAttribute("class")}: ${best.toFixed(2)}`);
    }
  }
  return [...faults];
}
