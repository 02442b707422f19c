// Fields that suggest while somebody types (the combobox pattern of ARIA 1.2): the search box above
// every page, whose suggestions are pages, and fields that a person belongs into, whose suggestions
// are addresses. Without this file, and without a choice, a field holds what was typed.
"use strict";

function suggestsFor(field, list, take) {
  const LETTERS_MIN = 2, PAUSE = 150;
  const kind = field.dataset.kind ? `&kind=${field.dataset.kind}` : "";
  let timer = 0, asked = null;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  field.autocomplete = "off";

  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  function close() {
    clearTimeout(timer);
    if (asked) asked.abort();
    list.hidden = true;
    // Another list may show the same people, and each has its id once on a page.
    list.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function show(text) {
    list.innerHTML = text;
    const root = list.querySelector("[data-said]");
    const isOpen = options().length > 0;
    list.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen));
    choose(null);
    if (root) document.getElementById("said").textContent = root.dataset.said;
  }

  async function ask() {
    const words = field.value.trim();
    if (words.length < LETTERS_MIN) return close();
    if (asked) asked.abort();
    const mine = asked = new AbortController();
    try {
      const path = `/find/suggestions?search=${encodeURIComponent(words)}${kind}`;
      const answer = await fetch(path, { signal: mine.signal });
      // A session that ended leads to another page, which belongs into no list.
      if (!answer.ok || answer.redirected) return close();
      const text = await answer.text();
      if (mine === asked && document.activeElement === field) show(text);
    } catch (error) {
      // Without an answer the field still holds what was typed.
      if (error.name !== "AbortError") close();
    }
  }

  function step(by) {
    const all = [null, ...options()], at = all.indexOf(chosen());
    choose(all[(at + by + all.length) % all.length]);
  }

  function taken(option) {
    take(option);
    close();
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && list.hidden) ask();
    if (by && !list.hidden) step(by);
    if (by) event.preventDefault();
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    if (event.key === "Enter" && !list.hidden && chosen()) {
      event.preventDefault();
      taken(chosen());
    }
  });
  field.addEventListener("blur", close);
  // The field keeps the focus while somebody presses an option.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) taken(option);
  });
}

{
  const box = document.getElementById("find");
  if (box) suggestsFor(box, document.getElementById("found"), (option) => window.location.assign(option.dataset.path));
  for (const field of document.querySelectorAll("[data-suggests]")) {
    suggestsFor(field, document.getElementById(field.dataset.suggests), (option) => { field.value = option.dataset.value; });
  }
}
