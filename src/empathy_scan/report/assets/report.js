// What a report does beyond showing: sorting, filtering and searching its tables. Without script every row is shown,
// in the report's own order. Values come from `data-v` of cells, and from `data-*` of rows; nothing is fetched.
"use strict";

(() => {
  const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const FIRST = { number: "descending", band: "ascending", text: "ascending", date: "descending" };
  const WORDS = {
    number: { ascending: "lowest first", descending: "highest first" },
    date: { ascending: "oldest first", descending: "newest first" },
    text: { ascending: "A to Z", descending: "Z to A" },
    band: { ascending: "A first", descending: "A last" },
  };

  // Letters without their marks and in one case, so that "zoe" finds "Zoë".
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

  const bodies = (table) => Array.from(table.tBodies);
  const rowsOf = (table) => bodies(table).flatMap((body) => Array.from(body.rows));

  // --- sorting ---------------------------------------------------------------------------------------------------

  const valueOf = (row, place, kind) => {
    const cell = row.cells[place];
    if (!cell || cell.colSpan > 1) return null;
    if (kind === "number") return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
    const text = cell.dataset.v ?? (cell.querySelector("a, .letters") ?? cell).textContent.trim();
    return text === "" ? null : text;
  };

  const compare = (one, other, sign) => {
    if (one === null || other === null) return (one === null) - (other === null); // what there is nothing of comes last
    return sign * (typeof one === "number" ? one - other : NATURAL.compare(one, other));
  };

  const sort = (table, natural, place, kind, direction) => {
    const sign = direction === "ascending" ? 1 : -1;
    for (const body of bodies(table)) {
      const rows = Array.from(body.rows);
      const order = new Map(rows.map((row) => [row, natural.get(row)]));
      const values = new Map(rows.map((row) => [row, direction ? valueOf(row, place, kind) : null]));
      rows.sort((a, b) => compare(values.get(a), values.get(b), sign) || order.get(a) - order.get(b));
      body.append(...rows);
    }
  };

  const sortable = (table) => {
    const natural = new Map(rowsOf(table).map((row, place) => [row, place]));
    const heads = Array.from(table.tHead.rows[0].cells);
    const orders = new Map(); // what the choice does, by its value
    const status = document.createElement("p");
    status.className = "sorted hidden";
    status.setAttribute("role", "status");
    table.closest(".scroll")?.before(status);
    const choice = document.createElement("select"); // where a phone shows no headings
    choice.append(new Option("in the report's order", ""));
    heads.forEach((head, place) => {
      const kind = head.dataset.sort;
      if (!kind) return;
      const name = head.textContent.trim();
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      choice.append(new Option(name, place));
      const put = (direction) => {
        choice.value = direction ? place : "";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (direction) head.setAttribute("aria-sort", direction);
        sort(table, natural, place, kind, direction);
        const chance = kind === "number" ? " Neighbours may differ by chance only: look at their ranges." : "";
        status.textContent = direction
          ? `Sorted by ${name}, ${WORDS[kind][direction]}.${chance}`
          : "In the report's own order again.";
        status.classList.toggle("hidden", !(direction && chance));
      };
      orders.set(String(place), () => put(FIRST[kind]));
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const second = FIRST[kind] === "ascending" ? "descending" : "ascending";
        put(!now ? FIRST[kind] : now === FIRST[kind] ? second : "");
      });
      orders.set("", orders.get("") ?? (() => put("")));
    });
    const tools = document.querySelector(`[data-tools="${table.id}"]`);
    if (!table.id || !tools) return;
    const label = document.createElement("label");
    label.className = "narrow";
    label.append("Sort by ", choice);
    choice.addEventListener("change", (event) => {
      event.stopPropagation();
      orders.get(choice.value)();
    });
    tools.querySelector("[data-reset]").before(label);
  };

  // --- searching and filtering -----------------------------------------------------------------------------------

  const fits = {
    text: (row, wanted, texts) => wanted.split(" ").every((word) => texts.get(row).includes(word)),
    team: (row, wanted) => row.dataset.team === wanted,
    band: (row, wanted) => (row.dataset.band ?? "").split(" ").includes(wanted),
    out: (row) => row.dataset.out !== undefined,
    enough: (row) => row.dataset.enough !== undefined,
    channel: (row, wanted) => row.dataset.channel === wanted,
    queue: (row, wanted) => row.dataset.queue === wanted,
    has: (row, wanted) => (row.dataset.has ?? "").split(" ").includes(wanted),
  };

  const wantedOf = (input) => {
    if (input.type === "checkbox") return input.checked ? "yes" : "";
    return input.type === "search" ? plain(input.value) : input.value;
  };

  // A choice whose options the page does not list gets those that the rows have; with fewer than two it goes.
  const offer = (choice, rows) => {
    const values = new Set(rows.map((row) => row.dataset[choice.dataset.options]).filter(Boolean));
    if (values.size < 2) {
      choice.closest("label").remove();
      return false;
    }
    Array.from(values).sort(NATURAL.compare).forEach((value) => choice.append(new Option(value)));
    return true;
  };

  const filterable = (tools) => {
    const table = document.getElementById(tools.dataset.tools);
    if (!table) return;
    const rows = rowsOf(table);
    const named = (row) => row.dataset.text ?? (row.cells[0].querySelector("a") ?? row.cells[0]).textContent;
    const texts = new Map(rows.map((row) => [row, plain(`${named(row)} ${row.dataset.team ?? ""}`)]));
    const inputs = Array.from(tools.querySelectorAll("[data-filter]")).filter(
      (input) => !input.dataset.options || offer(input, rows),
    );
    const status = tools.querySelector("[role=status]");
    const noun = rows.length === 1 ? tools.dataset.one : tools.dataset.many;
    const number = (count) => count.toLocaleString("en");

    const apply = () => {
      const wanted = inputs.map((input) => [fits[input.dataset.filter], wantedOf(input)]).filter(([, value]) => value);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !wanted.every(([fit, value]) => fit(row, value, texts));
        shown += !row.hidden;
      }
      status.textContent = `${number(shown)} of ${number(rows.length)} ${noun} shown`;
    };

    let waiting = 0;
    tools.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(apply, 80); // one announcement for a word, not one for each of its letters
    });
    tools.querySelector("[data-reset]").addEventListener("click", () => {
      inputs.forEach((input) => {
        if (input.type === "checkbox") input.checked = false;
        else input.value = "";
      });
      apply();
      inputs[0].focus();
    });
    tools.hidden = false;
    apply(); // also what the browser has kept from an earlier visit
  };

  // --- boxes that scroll ------------------------------------------------------------------------------------------

  // What is wider than its box can be scrolled by keys where the browser does not see to it; what fits is no stop.
  const reach = (box) => {
    const wide = box.scrollWidth > box.clientWidth;
    if (wide === box.hasAttribute("tabindex")) return;
    if (!wide) {
      ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
      return;
    }
    const named = box.querySelector("caption, figcaption, h3, [role=img]");
    box.tabIndex = 0;
    if (box.localName === "div") box.setAttribute("role", "group"); // a figure has a role of its own
    box.setAttribute("aria-label", `${named?.getAttribute("aria-label") ?? named?.textContent.trim() ?? "Table"} (scrolls)`);
  };

  const boxes = Array.from(document.querySelectorAll(".scroll, .plot")).filter((box) => !box.hasAttribute("tabindex"));
  const widths = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
  boxes.forEach((box) => widths.observe(box));
  document.querySelectorAll("details").forEach((each) => each.addEventListener("toggle", () => boxes.forEach(reach)));

  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  document.querySelectorAll("[data-tools]").forEach(filterable);
})();
