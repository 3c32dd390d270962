// Several rows pasted into a designation, from a spreadsheet or a word processor, become lines.
(() => {
  const MOST = 200;
  const BULLET = /^[\s•‣◦▪■□●○–—*·\ue000-\uf8ff-]+(?=\S)|^(?:\d{1,2}|[a-z])[.)]\s+/u;
  const HEADS = [
    ["reference", /^(r[ée]f|code)/], ["description", /^(description|d[ée]tail|commentaire)/],
    ["label", /^(d[ée]signation|libell[ée]|article|produit|prestation|ouvrage|poste|intitul[ée])/],
    ["quantity", /^(qt[ée]s?|quantit[ée]|nombre|q\.?$)/], ["unit", /^(u\.?|unit[ée]s?)$/],
    ["discount", /^(remise|rabais)/], ["vat_rate", /^(tva|taux)/],
    ["total", /(total|montant)/], ["unit_price", /^(p\.?\s?u|prix)/],
  ];
  const UNITS = /^(u|un|unit[ée]s?|pi[èe]ces?|pce?s?|m|ml|m2|m²|m3|m³|cm|mm|km|kg|g|t|l|h|heures?|j|jours?|ens\.?|ensemble|forfait|ff|ft|lot|lots|paire|an|ans|mois|rouleaux?|sacs?|bo[îi]tes?|kwh?)$/i;

  // Soft breaks are spaces, what nobody sees goes; the server does the same once more (lib/fields.py).
  const clean = (text) =>
    text.replace(/[\v\f\x85\u2028\u2029\n\r\t]+/g, " ").replace(/[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]/g, "").replace(/ {2,}/g, " ").trim();

  // `1 234,50 €`, `1.234,50`, `10 %`: as a field wants it typed, or null for what is no number.
  function number(text) {
    const typed = text.replace(/[\s\u202f']|€|%|euros?|eur|ht|ttc/gi, "");
    if (!/^\d+([.,]\d+)*$/.test(typed)) return null;
    const parts = typed.split(/[.,]/);
    const signs = new Set(typed.match(/[.,]/g));
    // The last sign is the decimal one, unless the same stands there several times: then all are thousands.
    if (parts.length === 1 || (signs.size === 1 && parts.length > 2)) return parts.join("");
    return `${parts.slice(0, -1).join("")},${parts.at(-1)}`;
  }

  // A cell of a spreadsheet stands between quotes when it holds a line end, a tab or a quote.
  function cells(text) {
    const rows = [[]];
    const pattern = /(?:^|(?<=[\t\n]))"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*)/gy;
    const source = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
    while (pattern.lastIndex <= source.length) {
      const found = pattern.exec(source);
      if (!found) break;
      rows.at(-1).push(clean(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"')));
      if (source[pattern.lastIndex] === "\n") rows.push([]);
      else if (pattern.lastIndex >= source.length) break;
      pattern.lastIndex += 1;
    }
    return rows.filter((row) => row.some(Boolean));
  }

  const head = (row) => {
    const names = row.map((cell) => HEADS.find(([, words]) => words.test(cell.toLowerCase()))?.[0]);
    return names.includes("label") && names.filter(Boolean).length > 1 ? names : null;
  };

  // By what they look like: words first, then quantity, unit, price; what is the product of both is their total.
  function guessed(row) {
    const line = {};
    const figures = [];
    for (const cell of row) {
      const value = number(cell);
      const measured = /^([\d\s.,\u202f]+)\s*(\D{1,12})$/u.exec(cell);
      if (!cell || /^[•‣◦▪■□●○–—*·\ue000-\uf8ff-]+$/u.test(cell)) continue;
      if (value !== null && cell.includes("%")) line.vat_rate = value;
      else if (value !== null) figures.push(value);
      else if (line.label === undefined) line.label = cell;
      else if (line.unit === undefined && (UNITS.test(cell) || (figures.length && cell.length <= 20))) line.unit = cell;
      else if (measured && UNITS.test(measured[2].trim()) && number(measured[1]) !== null) {
        figures.push(number(measured[1]));
        line.unit = measured[2].trim();
      } else line.description = line.description ? `${line.description}\n${cell}` : cell;
    }
    if (figures.length === 1) line.unit_price = figures[0];
    else if (figures.length) [line.quantity, line.unit_price] = figures;
    return line;
  }

  function named(row, names) {
    const line = {};
    row.forEach((cell, index) => {
      const name = names[index];
      if (!name || name === "total" || !cell) return;
      line[name] = ["quantity", "unit_price", "discount", "vat_rate"].includes(name) ? number(cell) ?? cell : cell;
    });
    const { reference, ...rest } = line;
    return reference ? { ...rest, description: [`Réf. ${reference}`, line.description].filter(Boolean).join("\n") } : rest;
  }

  // The lines that a text holds, as their fields want them typed.
  function read(text) {
    const rows = cells(text);
    const names = rows.length > 1 ? head(rows[0]) : null;
    const found = names ? rows.slice(1).map((row) => named(row, names)) : rows.map(guessed);
    for (const line of found) line.label = (line.label ?? "").replace(BULLET, "").slice(0, 300);
    return found.filter((line) => line.label);
  }

  function put(lines, line, found) {
    let behind = line;
    found.forEach((values, index) => {
      const typed = (name) => line.querySelector(`[name$='-${name}']`).value.trim();
      const isBlank = index === 0 && !typed("label") && typed("kind") === "item";
      const rates = [...line.querySelector("[name$=-vat_rate]").options].map(({ value }) => value);
      const rate = (values.vat_rate ?? "").replace(",", ".").replace(/\.0+$/, "");
      const fields = { ...values, vat_rate: rate };
      if (!rates.includes(rate)) delete fields.vat_rate;
      if (isBlank) lines.fill(line, fields);
      else behind = lines.add("item", fields, behind);
    });
    lines.go(behind);
  }

  for (const lines of window.deskLines)
    lines.list.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain");
      if (!event.target.matches("[name$=-label]") || !/[\t\r\n]./s.test(text.trim())) return;
      const found = read(text);
      if (!found.length) return;
      event.preventDefault();
      put(lines, event.target.closest(".line"), found.slice(0, MOST));
      const left = found.length - MOST;
      lines.say(left > 0 ? `${MOST} lignes collées\u00a0; les ${left} suivantes sont à coller ensuite.` : `${found.length} ligne${found.length > 1 ? "s" : ""} collée${found.length > 1 ? "s" : ""}.`);
    });
  window.deskPaste = { read };
})();
