// Totals while typing: each line's, the VAT per rate, what the customer pays, the deposit. The server's stay below.
(() => {
  const typed = (line, name) => line.querySelector(`[name$='-${name}']`);

  function read(line) {
    const gone = typed(line, "DELETE")?.checked;
    if (gone || typed(line, "kind").value !== "item") return null;
    const cents = Money.lineTotal({
      quantity: typed(line, "quantity").value,
      unitPrice: typed(line, "unit_price").value,
      discount: typed(line, "discount").value,
    });
    // Nothing is written yet: the server ignores such a line.
    if (cents === 0n && !typed(line, "label").value.trim()) return null;
    return { cents, rate: typed(line, "vat_rate").value, counts: !typed(line, "option").checked };
  }

  function row(name, amount, className = "") {
    const box = document.createElement("div");
    box.className = className;
    const [term, value] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    value.textContent = amount;
    box.append(term, value);
    return box;
  }

  function paintTotals(box, sums, deposit) {
    const rows = [row("Total HT", Money.euros(sums.exclTax))];
    for (const { rate, base, amount } of sums.vat)
      rows.push(row(`TVA ${Money.rate(rate)} sur ${Money.euros(base)}`, Money.euros(amount)));
    rows.push(row("Total TTC", Money.euros(sums.inclTax), "sum"));
    if (deposit !== 0n) rows.push(row("Acompte", deposit === null ? "—" : Money.euros(deposit)));
    box.replaceChildren(...rows);
  }

  function paint(section) {
    const counted = [];
    let unread = 0;
    for (const line of section.querySelectorAll(".lines > .line")) {
      const found = read(line);
      line.querySelector(".line-sum").textContent = !found ? "" : found.cents === null ? "—" : Money.euros(found.cents);
      if (found?.cents === null) unread += 1;
      else if (found?.counts) counted.push(found);
    }
    const form = section.closest("form");
    const sums = Money.totals(counted);
    const kind = form.elements.deposit_kind;
    const deposit = kind ? Money.deposit(kind.value, form.elements.deposit_value.value, sums.inclTax) : 0n;
    for (const box of document.querySelectorAll("[data-totals]")) paintTotals(box, sums, deposit);
    for (const place of document.querySelectorAll("[data-total]")) place.textContent = Money.euros(sums.inclTax);
    for (const place of document.querySelectorAll("[data-deposit]"))
      place.textContent = deposit === null ? "—" : Money.euros(deposit);
    for (const note of document.querySelectorAll("[data-unread]")) note.hidden = unread === 0;
  }

  for (const section of document.querySelectorAll(".desk-lines")) {
    const form = section.closest("form");
    const again = () => paint(section);
    for (const event of ["input", "change", "lines:changed"]) form.addEventListener(event, again);
    again();
  }
})();
