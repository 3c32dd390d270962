// « Insérer un texte type » above each text of a quote or answer: what is chosen goes after what is written.
(() => {
  const source = document.getElementById("desk-texts");
  if (!source) return;
  const texts = JSON.parse(source.textContent);
  const fields = {
    intro: "textarea[name=intro]",
    outro: "textarea[name=outro]",
    conditions: "textarea[name=conditions]",
    answer: "textarea[name=text]",
  };

  function chooser(field, found, id) {
    const box = document.createElement("p");
    box.className = "desk-texts";
    const label = document.createElement("label");
    label.htmlFor = id;
    label.textContent = "Insérer un texte type";
    const select = document.createElement("select");
    select.id = id;
    select.append(new Option("Choisir…", ""), ...found.map(({ name }, rank) => new Option(name, rank)));
    select.addEventListener("change", () => {
      if (select.value === "") return;
      const { text } = found[Number(select.value)];
      field.value = [field.value.trimEnd(), text].filter(Boolean).join("\n\n");
      select.value = "";
      // Whoever watches the field, such as the warning before leaving, learns of it as if it had been typed.
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.focus();
    });
    box.append(label, select);
    return box;
  }

  for (const [place, selector] of Object.entries(fields)) {
    const found = texts.filter((text) => text.place === place);
    if (!found.length) continue;
    document.querySelectorAll(selector).forEach((field, rank) => {
      field.before(chooser(field, found, `desk-texts-${place}-${rank}`));
    });
  }
})();
