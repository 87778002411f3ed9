// The review page: one turn after the other, by keys; every answer is sent at once, and only then the model is shown.
"use strict";

const at = id => document.getElementById(id);
const state = { reviewer: "", turn: null, here: 0, saved: false, done: [], place: 0, busy: false };

// --- talking to the server ---------------------------------------------------------------------------------------

async function ask(what, body) {
  try {
    const reply = await fetch(`api/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ reviewer: state.reviewer, ...body }),
    });
    const told = await reply.json();
    if (!reply.ok) throw new Error(told.error);
    trouble("");
    return told;
  } catch (error) {
    const lost = error instanceof TypeError;
    trouble(lost ? "The program does not answer: start “empathy-scan review serve” again and open its address. Nothing that was saved is lost." : error.message);
    return null;
  }
}

function trouble(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

function say(text) {
  at("said").textContent = text;
}

// --- showing ------------------------------------------------------------------------------------------------------

function show(section) {
  for (const each of ["start", "work", "end"]) at(each).hidden = each !== section;
  at("tools").hidden = section === "start";
  at("back").disabled = state.place === 0 && !state.saved;
}

function progress({ done, left }) {
  at("progress").hidden = false;
  at("progress").textContent = `${done} answered, ${left} to go`;
}

function element(name, { text, kind, ...rest } = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  for (const [key, value] of Object.entries(rest)) made.setAttribute(key, value);
  return made;
}

const called = { agent: "Agent", customer: "Customer", system: "System" };

function showTurn(turn) {
  state.turn = turn;
  state.saved = false;
  at("turn-title").textContent = `What the ${turn.role} says`;
  const before = turn.context.map(({ role, text }) => {
    const line = element("li", { kind: `turn ${role}` });
    line.append(element("p", { text: called[role] || "Unknown", kind: "who" }), element("p", { text, kind: "text", dir: "auto" }));
    return line;
  });
  at("context").replaceChildren(...before);
  at("before-title").textContent = before.length ? "Before it" : "The conversation begins here";
  at("focus-who").textContent = `${called[turn.role]}: label this turn`;
  at("focus-text").textContent = turn.text;
  at("focus-text").dir = "auto";
  at("questions").replaceChildren(...turn.questions.map(question));
  at("comment").value = "";
  at("model").hidden = true;
  lock(false);
  show("work");
  depend();
  mark(0);
}

function question(each, number) {
  const set = element("fieldset", { "data-key": each.key });
  const meaning = element("p", { text: each.meaning, kind: "meaning", id: `meaning-${number}` });
  set.setAttribute("aria-describedby", meaning.id);
  const choices = element("div", { kind: "choices" });
  const all = [...each.choices, { value: "?", name: "cannot tell", meaning: "" }];
  all.forEach((choice, place) => {
    const key = choice.value === "?" ? "0" : String(place + 1);
    const label = element("label", { kind: "choice" });
    if (choice.meaning) label.title = choice.meaning;
    const input = element("input", { type: "radio", name: each.key, value: choice.value, "data-digit": key });
    label.append(input, element("span", { text: choice.name }), element("kbd", { text: key, "aria-hidden": "true" }));
    choices.append(label);
  });
  const told = each.choices.filter(choice => choice.meaning).map(choice => `${choice.name}: ${choice.meaning}`);
  if (told.length) meaning.textContent = told.join("; ");
  set.append(element("legend", { text: each.title }), meaning, choices);
  return set;
}

const sets = () => [...at("questions").children].filter(each => !each.hidden);
const valueOf = key => at("questions").querySelector(`input[name="${key}"]:checked`)?.value;

// Questions that only make sense after a certain answer to another one.
function depend() {
  for (const each of state.turn.questions) {
    if (!each.needs) continue;
    const set = at("questions").querySelector(`[data-key="${each.key}"]`);
    set.hidden = valueOf(each.needs[0]) !== each.needs[1];
  }
  const left = sets().filter(set => !set.querySelector(":checked")).length;
  at("open").textContent = left ? `${left} of ${sets().length} to answer` : "";
}

function mark(place) {
  const all = sets();
  state.here = Math.max(0, Math.min(place, all.length - 1));
  all.forEach((set, number) => set.classList.toggle("here", number === state.here));
}

function lock(done) {
  for (const each of at("questions").querySelectorAll("fieldset")) each.disabled = done;
  at("comment").disabled = done;
  at("save").hidden = done;
  at("open").hidden = done;
}

function choose(digit) {
  const set = sets()[state.here];
  const input = set?.querySelector(`input[data-digit="${digit}"]`);
  if (!input) return;
  input.checked = true;
  const title = set.querySelector("legend").textContent;
  depend();
  const open = sets().findIndex((each, number) => number > state.here && !each.querySelector(":checked"));
  mark(open >= 0 ? open : Math.min(state.here + 1, sets().length - 1));
  sets()[state.here].scrollIntoView({ block: "nearest" });
  const next = sets()[state.here].querySelector("legend").textContent;
  say(`${title} ${input.nextElementSibling.textContent}. ${sets().some(each => !each.querySelector(":checked")) ? next : "All answered: Enter saves."}`);
}

function reveal(told) {
  state.saved = true;
  lock(true);
  const rows = told.compared.map(row => {
    const line = element("tr");
    line.append(
      element("th", { text: row.title, scope: "row" }), element("td", { text: row.yours }), element("td", { text: row.model }),
      element("td", { text: row.same ? "same" : "differs", kind: row.same ? "" : "differs" }),
    );
    return line;
  });
  at("compared").replaceChildren(...rows);
  at("agreed").textContent = told.agreed === told.asked ? "You and the model agree on everything." : `You and the model agree on ${told.agreed} of ${told.asked}.`;
  at("model").hidden = false;
  at("back").disabled = false;
  at("model-title").focus({ preventScroll: true });
  at("model").scrollIntoView({ block: "nearest" });
}

// --- doing --------------------------------------------------------------------------------------------------------

async function once(work) {
  if (state.busy) return;
  state.busy = true;
  try {
    await work();
  } finally {
    state.busy = false;
  }
}

async function next() {
  if (state.place + 1 < state.done.length) return revisit(state.place + 1);
  const told = await ask("next", {});
  if (!told) return;
  progress(told);
  state.place = state.done.length;
  if (!told.turn) {
    state.turn = null;
    state.saved = false;
    show("end");
    at("end-title").focus();
    return;
  }
  showTurn(told.turn);
  scrollTo(0, 0);
  at("turn-title").focus({ preventScroll: true });
  at("focus").scrollIntoView({ block: "nearest" });
}

async function save() {
  const labels = {};
  for (const set of sets()) {
    const value = set.querySelector(":checked")?.value;
    if (!value) {
      mark(sets().indexOf(set));
      set.scrollIntoView({ block: "nearest" });
      say(`Not answered yet: ${set.querySelector("legend").textContent}`);
      at("open").textContent = `Not answered yet: ${set.querySelector("legend").textContent}`;
      return;
    }
    labels[set.dataset.key] = value;
  }
  const told = await ask("save", { id: state.turn.id, labels, comment: at("comment").value.trim() });
  if (!told) return;
  if (!state.done.includes(state.turn.id)) state.done.push(state.turn.id);
  progress(told);
  reveal(told);
  say(`Saved. ${at("agreed").textContent}`);
}

async function revisit(place) {
  const told = await ask("again", { id: state.done[place] });
  if (!told) return;
  state.place = place;
  showTurn(told.turn);
  progress(told);
  for (const [key, value] of Object.entries(told.answered.answers)) {
    const input = at("questions").querySelector(`input[name="${key}"][value="${CSS.escape(value)}"]`);
    if (input) input.checked = true;
  }
  at("comment").value = told.answered.comment;
  depend();
  reveal(told.answered);
  show("work");
}

function change() {
  state.saved = false;
  lock(false);
  at("model").hidden = true;
  mark(0);
  at("turn-title").focus({ preventScroll: true });
  say("Change your answer, then save again.");
}

async function back() {
  if (state.saved) return change();
  const place = state.turn && state.done.includes(state.turn.id) ? state.done.indexOf(state.turn.id) : state.done.length;
  if (place > 0) await revisit(place - 1);
}

function help() {
  at("helping").showModal();
}

// --- keys and buttons ---------------------------------------------------------------------------------------------

at("who").addEventListener("submit", event => {
  event.preventDefault();
  state.reviewer = at("name").value.trim();
  if (!state.reviewer) return;
  sessionStorage.setItem("reviewer", state.reviewer);
  once(next);
});
at("answers").addEventListener("submit", event => {
  event.preventDefault();
  if (!state.saved) once(save);
});
at("questions").addEventListener("change", ({ target }) => {
  depend();
  mark(sets().indexOf(target.closest("fieldset")));
});
at("questions").addEventListener("focusin", ({ target }) => mark(sets().indexOf(target.closest("fieldset"))));
at("next").addEventListener("click", () => once(next));
at("change").addEventListener("click", change);
at("back").addEventListener("click", () => once(back));
at("help").addEventListener("click", help);
at("close").addEventListener("click", () => at("helping").close());
at("single").addEventListener("change", () => localStorage.setItem("single", at("single").checked ? "on" : "off"));

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || at("helping").open || !at("start").hidden) return;
  const writing = event.target.matches("textarea, input:not([type=radio])");
  if (event.key === "Escape" && writing) return event.target.blur();
  if (writing) return;
  const pressed = event.target.closest("button, a");
  if (event.key === "Enter" && !pressed && !event.repeat) {
    event.preventDefault();
    if (!at("work").hidden) once(state.saved ? next : save);
    return;
  }
  if (!at("single").checked) return;
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (/^[0-9]$/.test(event.key) && state.turn && !state.saved) choose(event.key);
  else if (event.key in moves && state.turn && !state.saved && !event.target.matches("input")) mark(state.here + moves[event.key]);
  else if (event.key === "u") once(back);
  else if (event.key === "?") help();
  else if (event.key === "c" && state.turn && !state.saved) at("comment").focus();
  else return;
  event.preventDefault();
});

at("single").checked = localStorage.getItem("single") !== "off";
state.reviewer = sessionStorage.getItem("reviewer") || "";
if (state.reviewer) {
  at("name").value = state.reviewer;
  once(next);
} else {
  at("name").focus();
}
