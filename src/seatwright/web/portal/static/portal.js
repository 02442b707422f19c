// What a page does beyond its links and forms. Without it everything still works.
"use strict";

const said = () => document.getElementById("said");
const isTyping = (at) => at.closest("input, select, textarea, [contenteditable]") !== null;

// A form about the ticked rows of its list goes nowhere without one, and keeps what was typed.
function sayUnticked(form, button) {
  const boxes = [...form.elements].filter((one) => one.type === "checkbox" && (one.hasAttribute("form") || one.closest("form tbody, form .cards")));
  const isAboutThem = boxes.length > 0 && button && button.closest(".decide") && button.name !== "all";
  if (!isAboutThem || boxes.some((one) => one.checked)) return false;
  const main = document.getElementById("main");
  const note = document.getElementById("unticked") || document.createElement("p");
  note.id = "unticked";
  note.className = "note note-bad";
  note.tabIndex = -1;
  note.setAttribute("role", "alert");
  note.textContent = said().dataset.unticked;
  main.prepend(note);
  note.focus();
  return true;
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (sayUnticked(form, event.submitter)) { event.preventDefault(); return; }
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  // Whoever comes back to the page by the browser's back button may send it again.
}, true);
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Lists whose rows can be chosen: one box above them for all, and how many are chosen.
const boxesOf = (table) => [...table.querySelectorAll("tbody input[type=checkbox]:not(:disabled)")];

function addAllBoxes() {
  for (const table of document.querySelectorAll("main form table")) {
    const head = table.querySelector("thead th");
    if (!boxesOf(table).length || table.querySelector("[data-all]") || !head) continue;
    const all = document.createElement("input"), label = document.createElement("label"), word = document.createElement("span");
    all.type = "checkbox";
    all.dataset.all = "";
    all.setAttribute("aria-label", said().dataset.all);
    word.textContent = said().dataset.every;
    label.append(all, " ", word);
    head.dataset.label = said().dataset.all;
    head.replaceChildren(label);
    countChosen(table);
  }
}

function countChosen(table) {
  const boxes = boxesOf(table), all = table.querySelector("[data-all]"), bar = table.closest("form").querySelector(".decide");
  const count = boxes.filter((one) => one.checked).length;
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  if (!bar) return;
  const place = bar.querySelector(".count") || bar.insertBefore(document.createElement("strong"), bar.firstChild);
  place.className = "count";
  place.textContent = said().dataset.chosen.replace("#", String(count));
  bar.classList.toggle("unticked", count === 0);
}

document.addEventListener("change", (event) => {
  const table = event.target.closest("main form table");
  if (!table || event.target.type !== "checkbox" || !table.querySelector("[data-all]")) return;
  if (event.target.dataset.all !== undefined) {
    for (const box of boxesOf(table)) box.checked = event.target.checked;
  }
  countChosen(table);
});
addAllBoxes();

// Cards that can be chosen belong to a form beside the list; its link ticks all of them.
const cardsOf = (form) => [...document.querySelectorAll(`input[type=checkbox][form="${form.id}"]`)];

// With Shift, whatever lies between the last box that was pressed and this one is as this one is.
let lastBox = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (box.type !== "checkbox" || box.dataset.all !== undefined) return;
  const table = box.closest("main form table");
  const boxes = table ? boxesOf(table) : box.hasAttribute("form") ? cardsOf(box.form) : [];
  const from = boxes.indexOf(lastBox), to = boxes.indexOf(box);
  lastBox = box;
  if (!event.shiftKey || from < 0 || to < 0) return;
  for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
});

function countCards(form) {
  const place = form.querySelector(".count") || form.insertBefore(document.createElement("strong"), form.firstChild);
  place.className = "count";
  const count = cardsOf(form).filter((one) => one.checked).length;
  place.textContent = said().dataset.chosen.replace("#", String(count));
  form.classList.toggle("unticked", count === 0);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=checkbox][form]")) countCards(event.target.form);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-ticks]");
  const form = link && document.getElementById(link.dataset.ticks);
  if (!form) return;
  event.preventDefault();
  const isAll = cardsOf(form).every((one) => one.checked);
  for (const box of cardsOf(form)) box.checked = !isAll;
  countCards(form);
});
for (const link of document.querySelectorAll("[data-ticks]")) {
  const form = document.getElementById(link.dataset.ticks);
  if (form) countCards(form);
}

// A list that is changed in place, by its filters or by its link to more rows. Its address has
// only the filters that say something, so that it can be shared.
const rowsHere = () => document.getElementById("rows");
const countRows = () => (rowsHere() ? rowsHere().children.length : 0);
let rowsBefore = 0;

document.addEventListener("htmx:configRequest", (event) => {
  for (const [name, value] of [...event.detail.formData.entries()]) {
    if (value === "") event.detail.formData.delete(name);
  }
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, pathInfo } = event.detail;
  // What is shown already is not asked for again, such as when somebody leaves a field.
  const shown = window.location.pathname + window.location.search;
  if (elt.matches("form") && pathInfo.finalRequestPath === shown) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  rowsBefore = countRows();
  if (event.detail.xhr.status < 400) return;
  event.detail.shouldSwap = false;
  if (event.detail.requestConfig.elt.matches("form")) sayNo(event.detail.serverResponse);
  // A page that says no is shown as it is, and a session that ended leads to its page.
  else window.location.assign(event.detail.requestConfig.path);
});
document.addEventListener("htmx:afterSwap", (event) => {
  addAllBoxes();
  for (const all of document.querySelectorAll("main [data-all]")) countChosen(all.closest("table"));
  if (event.detail.target.id === "rows") wasAdded();
  else if (event.detail.target.id === "list") sayRows();
});

// The rule that a filter hurts takes the place of the list, and the field keeps its focus.
function sayNo(text) {
  const answer = new DOMParser().parseFromString(text, "text/html").querySelector("main [role=alert]");
  const words = answer ? answer.textContent.trim() : "", note = document.createElement("p");
  note.className = "note note-bad";
  note.textContent = words;
  document.getElementById("list").replaceChildren(note);
  said().textContent = words;
}

function sayRows() {
  const count = countRows(), goesOn = document.querySelector("#more a") !== null, words = said().dataset;
  const text = count === 0 ? words.none : goesOn ? words.more : count === 1 ? words.one : words.rows;
  said().textContent = text.replace("#", String(count));
}

// Who asked for more goes on at the first row that came; the link itself may be gone.
function wasAdded() {
  const first = rowsHere().children[rowsBefore];
  said().textContent = said().dataset.added.replace("#", String(countRows() - rowsBefore));
  if (!first) return;
  const target = first.querySelector("th a, h2 a, a, button") || first;
  if (target === first) first.tabIndex = -1;
  target.focus({ preventScroll: true });
}

// Single keys are shortcuts until somebody turns them off, which this browser keeps.
const KEYS_OFF = "seatwright.keys-off";
const areKeysOn = () => localStorage.getItem(KEYS_OFF) === null;

let isGoing = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]") || !areKeysOn()) return;
  if (isGoing) {
    isGoing = false;
    const page = document.querySelector(`.rail [data-key="${CSS.escape(event.key)}"]`);
    if (page) { event.preventDefault(); page.click(); }
    return;
  }
  const act = { "/": find, "g": go, "?": showKeys, "j": () => step(1), "k": () => step(-1), "x": choose }[event.key];
  if (act) act(event);
});

function find(event) {
  const field = document.getElementById("find");
  if (field) { event.preventDefault(); field.focus(); field.select(); }
}

function go() {
  isGoing = true;
  setTimeout(() => { isGoing = false; }, 1500);
}

function showKeys() {
  document.getElementById("keys").showModal();
}

const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector("a, input, button"));
const rowHere = () => document.activeElement.closest("main tbody tr");

function step(by) {
  const all = rows(), at = all.indexOf(rowHere());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  const target = next && (next.querySelector("th a") || next.querySelector("a, input, button"));
  if (target) target.focus();
}

function choose() {
  const box = rowHere() && rowHere().querySelector("input[type=checkbox]");
  if (box) box.click();
}

function listPages() {
  const pages = [...document.querySelectorAll(".rail [data-key]")];
  const names = document.querySelector("[data-list=pages]");
  if (!names) return;
  for (const page of pages) {
    const keys = document.createElement("dt"), name = document.createElement("dd");
    for (const letter of ["g", page.dataset.key]) {
      const key = document.createElement("kbd");
      key.textContent = letter;
      keys.append(key, " ");
    }
    name.textContent = page.textContent.trim();
    names.append(keys, name);
  }
  const opener = document.querySelector("[data-opens=keys]");
  opener.hidden = false;
  opener.addEventListener("click", showKeys);
  const isOn = document.getElementById("keys-on");
  isOn.checked = areKeysOn();
  isOn.addEventListener("change", () => {
    if (isOn.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  });
}

listPages();

// Where the words of a language are too long for the rail of a phone, the open page is in sight.
const here = document.querySelector(".rail [aria-current]");
if (here) here.closest("ul").scrollLeft = here.offsetLeft - 64;

// A field that is needed as soon as one of some boxes is ticked is marked so then.
for (const field of document.querySelectorAll("[data-needed-with]")) {
  const boxes = [...field.form.elements].filter((one) => one.name === field.dataset.neededWith);
  const mark = () => { field.required = boxes.some((one) => one.checked); };
  field.form.addEventListener("change", mark);
  mark();
}
