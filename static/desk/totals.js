// Totals while typing: each line's and heading's, discount, VAT per rate, aids, deposit. The server's stay below.
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
    return { cents, rate: typed(line, "vat_rate").value, counts: !typed(line, "option").checked || typed(line, "chosen").checked };
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

  const AIDS = { cee: "Prime CEE", mpr: "MaPrimeRénov'", other: "Aide" };

  // Aids that stand: tied to no line, or to one that still counts. A line has its identity once it is saved.
  function readAids(form, counted) {
    const there = new Set(counted.map(({ identity }) => identity));
    const found = [];
    for (const aid of form.querySelectorAll(".aids > .aid")) {
      const tied = [...typed(aid, "lines").selectedOptions].map(({ value }) => value);
      const cents = Money.amount(typed(aid, "amount").value);
      if (!cents || typed(aid, "DELETE")?.checked) continue;
      if (tied.length && !tied.some((identity) => there.has(identity))) continue;
      const kind = typed(aid, "kind").value;
      const conditional = typed(aid, "conditional").checked ? ", sous réserve" : "";
      const name = `${AIDS[kind]}, ${typed(aid, "payer").value.trim()}${conditional}`;
      found.push({ name, cents, deducted: kind === "cee" });
    }
    return found;
  }

  // A zero rate is told by its reason, as the quote that was saved has it.
  const vatName = (rate, box) => (Number(rate) === 0 && box.dataset.zeroRate) || `TVA ${Money.rate(rate)}`;

  function paintTotals(box, sums, aids, payable, deposit) {
    const rows = [];
    if (sums.discount) {
      rows.push(row("Total HT avant remise", Money.euros(sums.gross)));
      rows.push(row("Remise", `−${Money.euros(sums.discount)}`));
    }
    if (sums.discount === null) rows.push(row("Remise", "—"));
    rows.push(row(sums.discount ? "Total HT après remise" : "Total HT", Money.euros(sums.exclTax)));
    for (const { rate, base, amount } of sums.vat)
      rows.push(row(`${vatName(rate, box)} sur ${Money.euros(base)}`, Money.euros(amount)));
    rows.push(row("Total TTC", Money.euros(sums.inclTax), "sum"));
    for (const { name, cents } of aids.filter(({ deducted }) => deducted)) rows.push(row(name, `−${Money.euros(cents)}`));
    if (payable !== sums.inclTax) rows.push(row("Reste à payer", payable < 0n ? "—" : Money.euros(payable), "sum"));
    if (deposit !== 0n) rows.push(row("Acompte", deposit === null ? "—" : Money.euros(deposit)));
    for (const { name, cents } of aids.filter(({ deducted }) => !deducted))
      rows.push(row(`${name}\u00a0: estimation, non déduite`, Money.euros(cents)));
    box.replaceChildren(...rows);
  }

  // Of each heading, what is sold under it; nothing where nothing is.
  function paintSubtotals(section) {
    let heading = null;
    let sum = null;
    const close = () => {
      if (heading && sum !== null) heading.querySelector(".line-sum").textContent = Money.euros(sum);
    };
    for (const line of section.querySelectorAll(".lines > .line")) {
      if (typed(line, "DELETE")?.checked) continue;
      if (typed(line, "kind").value === "section") {
        close();
        [heading, sum] = [line, null];
        continue;
      }
      const found = read(line);
      if (found?.counts && found.cents !== null) sum = (sum ?? 0n) + found.cents;
    }
    close();
  }

  function paint(section) {
    const counted = [];
    let unread = 0;
    for (const line of section.querySelectorAll(".lines > .line")) {
      const found = read(line);
      line.querySelector(".line-sum").textContent = !found ? "" : found.cents === null ? "—" : Money.euros(found.cents);
      if (found?.cents === null) unread += 1;
      else if (found?.counts) counted.push({ ...found, identity: line.dataset.identity });
    }
    for (const line of section.querySelectorAll(".lines > .line"))
      line.querySelector(".line-name").textContent = typed(line, "kind").value === "section" ? "Sous-total HT" : "Total HT";
    paintSubtotals(section);
    const fields = section.closest("form").elements;
    const off = { kind: fields.discount_kind?.value, value: fields.discount_value?.value ?? "" };
    const sums = Money.totals(counted, off);
    const aids = readAids(section.closest("form"), counted);
    const payable = aids.reduce((left, { cents, deducted }) => (deducted ? left - cents : left), sums.inclTax);
    const asked = payable < 0n ? 0n : payable;
    const deposit = fields.deposit_kind ? Money.deposit(fields.deposit_kind.value, fields.deposit_value.value, asked) : 0n;
    for (const box of document.querySelectorAll("[data-totals]")) paintTotals(box, sums, aids, payable, deposit);
    for (const place of document.querySelectorAll("[data-total]")) place.textContent = Money.euros(sums.inclTax);
    for (const place of document.querySelectorAll("[data-payable]")) place.textContent = Money.euros(asked);
    for (const place of document.querySelectorAll("[data-deposit]"))
      place.textContent = deposit === null ? "—" : Money.euros(deposit);
    for (const note of document.querySelectorAll("[data-unread]")) note.hidden = unread === 0;
  }

  for (const section of document.querySelectorAll(".desk-lines")) {
    const form = section.closest("form");
    let isDue = false;
    // Once for many events at a time: sixty pasted lines are one change.
    const soon = () => {
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        paint(section);
      });
    };
    for (const event of ["input", "change", "lines:changed"]) form.addEventListener(event, soon);
    paint(section);
  }
})();
