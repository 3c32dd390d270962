// « Mes options »: the sums follow while one chooses, by the rule of quotes/money.py (desk/money.js). Without this
// script « Voir le total, sans garder » asks the server for the same. The form's `data-options` has what counts whatever is chosen.
for (const form of document.querySelectorAll("[data-options]")) {
  const facts = JSON.parse(form.dataset.options);
  const box = form.querySelector("[data-sums]");
  const unsaved = form.querySelector("[data-unsaved]");
  const sign = document.querySelector(".actions.bar a.button[href]:not(.second)");
  const words = sign?.textContent;
  const boxes = [...form.querySelectorAll("[data-cents], [type=radio]")];

  const row = (name, amount, className = "") => {
    const div = document.createElement("div");
    div.className = className;
    const [term, value] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, value.textContent, value.className] = [name, amount, "nowrap"];
    div.append(term, value);
    return div;
  };

  function paint() {
    const ticked = boxes.filter((one) => one.checked && one.dataset.cents);
    const chosen = new Set(ticked.map(({ value }) => value));
    const lines = [...facts.lines, ...ticked.map(({ dataset }) => dataset)];
    const sums = Money.totals(lines.map(({ cents, rate }) => ({ cents: BigInt(cents), rate })), facts.discount);
    const aids = facts.aids.filter(({ lines: tied }) => !tied.length || tied.some((one) => chosen.has(one)));
    const payable = aids.reduce((left, { cents }) => left - BigInt(cents), sums.inclTax);
    const deposit = Money.deposit(facts.deposit.kind, facts.deposit.value, payable < 0n ? 0n : payable);
    const rows = [];
    if (sums.discount) rows.push(row("Total HT avant remise", Money.euros(sums.gross)), row(facts.discount.words, `−${Money.euros(sums.discount)}`));
    rows.push(row(sums.discount ? "Total HT après remise" : "Total HT", Money.euros(sums.exclTax)));
    for (const { rate, base, amount } of sums.vat) {
      const name = (rate === "0" && facts.zero) || `TVA ${Money.rate(rate)}`;
      rows.push(row(`${name} sur ${Money.euros(base)}`, Money.euros(amount)));
    }
    rows.push(row("Total TTC", Money.euros(sums.inclTax), "grand"));
    for (const { words, cents } of aids) rows.push(row(words, `−${Money.euros(BigInt(cents))}`));
    if (aids.length) rows.push(row("Reste à payer", payable < 0n ? "—" : Money.euros(payable), "grand"));
    if (deposit) rows.push(row("Acompte", Money.euros(deposit)));
    box.replaceChildren(...rows);
    const isKept = chosen.size === facts.kept.length && facts.kept.every((one) => chosen.has(one));
    unsaved.hidden = isKept;
    follow();
  }

  // Nobody signs without what they have just ticked: until it is kept, the first button keeps it.
  function follow() {
    if (sign) sign.textContent = unsaved.hidden ? words : "Garder ce choix";
  }
  sign?.addEventListener("click", (event) => {
    if (unsaved.hidden) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button:not([data-show])"));
  });
  follow();

  const show = form.querySelector("[data-show]");
  if (show) show.hidden = true;
  form.addEventListener("change", paint);
}
