"use strict";
// Sorts and filters the table of cases or utterances; without this script the page is the same, in its first order.
const table = document.querySelector("table.rows");
if (table) {
  const body = table.tBodies[0];
  const value = (row, column) => {
    const text = row.cells[column].dataset.value;
    const number = Number(text);
    return text !== "" && Number.isFinite(number) ? number : text;
  };
  table.querySelectorAll("thead button").forEach((button, column) => {
    button.addEventListener("click", () => {
      const header = button.closest("th");
      const down = header.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = Array.from(body.rows).sort((one, two) => {
        const [first, second] = [value(one, column), value(two, column)];
        const order = typeof first === "number" && typeof second === "number"
          ? first - second
          : String(first).localeCompare(String(second));
        return down ? -order : order;
      });
      body.append(...rows);
    });
  });
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const apply = () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${body.rows.length} shown`;
  };
  filter.addEventListener("input", apply);
  document.querySelector(".filter").hidden = false;
  apply();
}
// A link to a row's details opens them.
const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
};
window.addEventListener("hashchange", open);
open();
