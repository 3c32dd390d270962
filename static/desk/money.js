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
  const price = (text) => read(text, { places: 2 });
  const percent = (text) => read(text, { places: 2, digits: 5, most: 10000n });

  const halfUp = (above, below) => (2n * above + below) / (2n * below);

  // Cents excl. tax of a line as it is typed, or null. No discount typed is none.
  function lineTotal(line) {
    const amount = quantity(line.quantity);
    const each = price(line.unitPrice);
    const off = line.discount.replace(SPACES, "") === "" ? 0n : percent(line.discount);
    if (amount === null || each === null || off === null) return null;
    return halfUp(amount * each * (10000n - off), 10000000n);
  }

  // Sums of lines `{cents, rate}`, rates as the form has them: "20", "5.5".
  function totals(lines) {
    const bases = new Map();
    for (const { cents, rate } of lines) bases.set(rate, (bases.get(rate) || 0n) + cents);
    const vat = [...bases]
      .map(([rate, base]) => ({ rate, base, tenths: read(rate, { places: 1 }) }))
      .sort((one, other) => (one.tenths < other.tenths ? 1 : -1))
      .map(({ rate, base, tenths }) => ({ rate, base, amount: halfUp(base * tenths, 1000n) }));
    const exclTax = vat.reduce((sum, share) => sum + share.base, 0n);
    return { exclTax, vat, inclTax: vat.reduce((sum, share) => sum + share.amount, exclTax) };
  }

  // The deposit in cents; null while its value makes no sense.
  function deposit(kind, text, inclTax) {
    if (kind === "none") return 0n;
    const value = kind === "percent" ? percent(text) : price(text);
    if (!value) return null;
    return kind === "percent" ? halfUp(inclTax * value, 10000n) : value;
  }

  // As quotes/french.py writes them.
  function euros(cents) {
    const digits = cents.toString().padStart(3, "0");
    const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, "\u202f");
    return `${whole},${digits.slice(-2)}\u00a0€`;
  }

  const rate = (text) => `${text.replace(".", ",")}\u00a0%`;

  return { lineTotal, totals, deposit, euros, rate };
})();
