// « Ajouter depuis le catalogue »: a combobox (ARIA 1.2) whose choice becomes a line.
(() => {
  class Search {
    constructor(box, lines) {
      this.lines = lines;
      this.field = box.querySelector("[role=combobox]");
      this.list = box.querySelector("[role=listbox]");
      this.note = box.querySelector(".catalogue-note");
      this.address = box.dataset.search;
      this.found = [];
      this.active = -1;
      this.field.addEventListener("input", () => this.soon());
      this.field.addEventListener("focus", () => this.field.value.trim() && this.soon());
      this.field.addEventListener("blur", () => this.close());
      this.field.addEventListener("keydown", (event) => this.press(event));
      // mousedown: before the field loses the focus.
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const option = event.target.closest("[role=option]");
        if (option) this.choose([...this.list.children].indexOf(option));
      });
    }

    soon() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 150);
    }

    async ask() {
      const words = this.field.value.trim();
      if (!words) return this.close();
      const answer = await fetch(`${this.address}?${new URLSearchParams({ q: words })}`, {
        headers: { Accept: "application/json" },
      }).catch(() => null);
      if (this.field.value.trim() !== words) return undefined; // an older question, answered late
      if (!answer?.ok || answer.redirected) return this.tell("Le catalogue ne répond pas. Ajoutez une ligne libre.");
      const { items, more } = await answer.json();
      return this.show(items, more);
    }

    show(items, more) {
      this.found = items;
      this.list.replaceChildren(...items.map((item, index) => this.option(item, index)));
      this.open(items.length > 0);
      this.point(items.length ? 0 : -1);
      if (!items.length) this.tell("Aucun article ne correspond. Ajoutez une ligne libre.");
      else this.tell(more ? "Précisez pour en voir d'autres." : `${items.length} article${items.length > 1 ? "s" : ""}.`);
    }

    option(item, index) {
      const option = document.createElement("li");
      option.id = `${this.list.id}-${index}`;
      option.setAttribute("role", "option");
      for (const [name, text] of [["reference", item.reference], ["label", item.label], ["price", item.price]]) {
        const part = document.createElement("span");
        part.className = `catalogue-${name}`;
        part.textContent = text;
        option.append(part, " ");
      }
      return option;
    }

    press(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && this.found.length) {
        this.point((this.active + step + this.found.length) % this.found.length);
      } else if (event.key === "Enter") {
        if (this.active >= 0) this.choose(this.active);
      } else if (event.key === "Escape") {
        this.close();
      } else return;
      event.preventDefault(); // Enter chooses, it never sends the form
    }

    point(index) {
      this.active = index;
      [...this.list.children].forEach((option, rank) => option.setAttribute("aria-selected", rank === index));
      const option = this.list.children[index];
      if (option) this.field.setAttribute("aria-activedescendant", option.id);
      else this.field.removeAttribute("aria-activedescendant");
      option?.scrollIntoView({ block: "nearest" });
    }

    choose(index) {
      const { label, description, unit, unit_price, vat_rate } = this.found[index];
      this.field.value = "";
      this.close();
      this.lines.addArticle({ label, description, unit, unit_price, vat_rate });
      this.lines.say(`${label}\u00a0: ajouté.`);
    }

    open(shown) {
      this.list.hidden = !shown;
      if (shown) this.list.scrollIntoView({ block: "nearest" });
      this.field.setAttribute("aria-expanded", shown);
    }

    close() {
      clearTimeout(this.timer);
      this.found = [];
      this.list.replaceChildren();
      this.point(-1);
      this.open(false);
      this.tell("");
    }

    tell(words) {
      this.note.textContent = words;
    }
  }

  for (const lines of window.deskLines) {
    const box = lines.section.querySelector("[data-search]");
    if (box) new Search(box, lines);
  }
})();
