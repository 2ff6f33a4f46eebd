"use strict";
// The page is whole without this script, which sorts, searches and opens. It holds no data.
(() => {
  const key = (row, column) => {
    const cell = row.cells[column];
    const number = cell.dataset.key;
    if (number !== undefined) return Number(number);
    return cell.classList.contains("number") ? NaN : cell.textContent.trim().toLowerCase();
  };

  const order = (a, b) => {
    const unknown = [a, b].map((each) => each === "" || Number.isNaN(each));
    if (unknown[0] || unknown[1]) return { last: unknown[0] - unknown[1] };
    return { now: typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)) };
  };

  const sort = (table, head) => {
    const column = head.cellIndex;
    const numbers = head.classList.contains("number");
    const was = head.getAttribute("aria-sort");
    const down = was ? was === "ascending" : numbers; // numbers: the largest first
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = Array.from(table.tBodies[0].rows, (row) => [key(row, column), row]);
    rows.sort(([a], [b]) => {
      const found = order(a, b);
      return found.last !== undefined ? found.last : down ? -found.now : found.now; // what is unknown stays last
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(table, head));
    }
  }

  for (const input of document.querySelectorAll("input[data-searches]")) {
    const table = document.getElementById(input.dataset.searches);
    const count = document.querySelector(`[data-counts="${table.id}"]`);
    const rows = Array.from(table.tBodies[0].rows);
    const search = () => {
      const wanted = input.value.toLowerCase().split(/\s+/);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !wanted.every((word) => text.includes(word));
      }
      const found = rows.filter((row) => !row.hidden).length.toLocaleString("en");
      const listed = rows.length.toLocaleString("en");
      const all = table.dataset.of; // where the table has not all of them
      count.textContent = all ? `${found} of the ${listed} in the table, out of ${all}` : `${found} of ${listed} shown`;
    };
    input.addEventListener("input", search);
    search();
  }

  for (const button of document.querySelectorAll("button[data-opens]")) {
    const all = () => document.getElementById(button.dataset.opens).querySelectorAll("details");
    button.addEventListener("click", () => {
      const open = Array.from(all()).some((each) => !each.open);
      for (const each of all()) each.open = open;
      button.textContent = open ? "Close all" : "Open all";
    });
  }

  for (const tools of document.querySelectorAll(".tools[hidden]")) tools.hidden = false;

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const each of closed) each.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });
})();
