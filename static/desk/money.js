// The rule of quotes/money.py in whole numbers: cents and BigInt, half up, VAT per rate on the sum of its lines.
// Never a float: what is shown while typing is what the server will compute, to the cent.
window.Money = (() => {
  // What Python's str.split() takes for a space.
  const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g;
  const TYPED = /^([+-]?)(?:([0-9]+)[.,]?([0-9]*)|[.,]([0-9]+))$/;

  // `1 234,5` with `places: 2` is 123450n; null is what the server refuses.
  function read(text, { places, digits = 12, least = 0n, most = null }) {
    const found = TYPED.exec(text.replace(SPACES, ""));
    if (!found) return null;
    const whole = (found[2] || "").replace(/^0+/, "");
    const fraction = found[3] || found[4] || "";
    if (fraction.length > places || whole.length > digits - places) return null;
    const size = BigInt(whole + fraction.padEnd(places, "0"));
    const value = found[1] === "-" ? -size : size;
    return value < least || (most !== null && value > most) ? null : value;
  }

  const quantity = (text) => read(text, { places: 3, least: 1n });
  const price = (text) => read(text, { places: 4, digits: 14 }); // ten thousandths of a euro
  const amount = (text) => read(text, { places: 2 });
  const percent = (text) => read(text, { places: 2, digits: 5, most: 10000n });

  const halfUp = (above, below) => (2n * above + below) / (2n * below);

  // Cents excl. tax of a line as it is typed, or null. No discount typed is none.
  function lineTotal(line) {
    const count = quantity(line.quantity);
    const each = price(line.unitPrice);
    const off = line.discount.replace(SPACES, "") === "" ? 0n : percent(line.discount);
    if (count === null || each === null || off === null) return null;
    return halfUp(count * each * (10000n - off), 1000000000n);
  }

  // The discount on the total in cents; null while its value makes no sense, or is more than there is.
  function discount(kind, text, gross) {
    if (kind === "none" || kind === undefined) return 0n;
    const value = kind === "percent" ? percent(text) : amount(text);
    if (value === null) return null;
    const taken = kind === "percent" ? halfUp(gross * value, 10000n) : value;
    return taken > gross ? null : taken;
  }

  // By largest remainder on the bases, of equal ones the higher rate first: `shares` come from the highest rate down.
  function spread(taken, shares) {
    const whole = shares.reduce((sum, share) => sum + share.base, 0n);
    if (whole === 0n) return shares;
    const parts = shares.map(({ base }) => ({ part: (taken * base) / whole, rest: (taken * base) % whole }));
    let left = parts.reduce((sum, { part }) => sum - part, taken);
    for (const one of [...parts].sort((a, b) => (a.rest < b.rest ? 1 : a.rest > b.rest ? -1 : 0)))
      if (left > 0n) {
        one.part += 1n;
        left -= 1n;
      }
    return shares.map((share, index) => ({ ...share, base: share.base - parts[index].part }));
  }

  // Sums of lines `{cents, rate}`, rates as the form has them: "20", "5.5"; `off` is a discount as it is typed.
  function totals(lines, off = { kind: "none", value: "" }) {
    const bases = new Map();
    for (const { cents, rate } of lines) bases.set(rate, (bases.get(rate) || 0n) + cents);
    const gross = [...bases.values()].reduce((sum, base) => sum + base, 0n);
    const taken = discount(off.kind, off.value, gross);
    const shares = [...bases]
      .map(([rate, base]) => ({ rate, base, tenths: read(rate, { places: 1 }) }))
      .sort((one, other) => (one.tenths < other.tenths ? 1 : -1));
    const vat = spread(taken ?? 0n, shares).map(({ rate, base, tenths }) => ({
      rate,
      base,
      amount: halfUp(base * tenths, 1000n),
    }));
    const exclTax = vat.reduce((sum, share) => sum + share.base, 0n);
    const inclTax = vat.reduce((sum, share) => sum + share.amount, exclTax);
    return { gross, discount: taken, exclTax, vat, inclTax };
  }

  // The deposit in cents, of what the customer pays; null while its value makes no sense.
  function deposit(kind, text, payable) {
    if (kind === "none") return 0n;
    const value = kind === "percent" ? percent(text) : amount(text);
    if (!value) return null;
    return kind === "percent" ? halfUp(payable * value, 10000n) : value;
  }

  // As quotes/french.py writes them.
  function euros(cents) {
    const digits = cents.toString().padStart(3, "0");
    const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, "\u202f");
    return `${whole},${digits.slice(-2)}\u00a0€`;
  }

  const rate = (text) => `${text.replace(".", ",")}\u00a0%`;

  return { lineTotal, totals, deposit, amount, euros, rate };
})();
