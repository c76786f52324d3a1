// A click on the heading of a column sorts the table by it; a second click turns the order round.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text.replace("\u2212", "-").replaceAll(",", "").replace(/^z\[/, ""));
    return Number.isNaN(number) ? (/^\u2013/.test(text) ? -Infinity : text) : number;
  };
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : typeof a === typeof b ? 0 : typeof a === "number" ? -1 : 1);
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "sort by this column";
    button.append(...head.childNodes);
    head.append(button);
    button.onclick = () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].sort((a, b) => compare(key(a, column), key(b, column)));
      body.append(...(up ? rows : rows.reverse()));
    };
  });
}
