// The catalogue is searched where a line is named: a combobox (ARIA 1.2) whose choice fills the line.
(() => {
  class Search {
    constructor(lines) {
      this.lines = lines;
      this.address = lines.section.dataset.search;
      this.list = document.createElement("ul");
      this.list.id = `${lines.section.id}-articles`;
      this.list.className = "catalogue";
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", "Articles du catalogue");
      this.found = [];
      this.active = -1;
      this.close();
      lines.section.append(this.list);
      lines.list.addEventListener("focusin", ({ target }) => target.matches("[name$=-label]") && this.make(target));
      lines.list.addEventListener("input", ({ target }) => target === this.field && this.soon());
      lines.list.addEventListener("focusout", () => this.close());
      // Before the line's own keys: what is pointed at is chosen, and not left for the next line.
      lines.list.addEventListener("keydown", (event) => event.target === this.field && this.press(event), true);
      // mousedown: before the field loses the focus.
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const option = event.target.closest("[role=option]");
        if (option) this.choose([...this.list.children].indexOf(option));
      });
    }

    make(field) {
      this.field = field;
      const states = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": false, "aria-controls": this.list.id };
      for (const [name, value] of Object.entries(states)) field.setAttribute(name, value);
      field.autocomplete = "off";
    }

    soon() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(this.field), 150);
    }

    async ask(field) {
      const words = field.value.trim();
      const isSold = field.closest(".line").querySelector("[name$=-kind]").value === "item";
      if (words.length < 2 || !isSold) return this.close();
      const answer = await fetch(`${this.address}?${new URLSearchParams({ q: words })}`, {
        headers: { Accept: "application/json" },
      }).catch(() => null);
      // An older question, answered late; without an answer the line is written by hand.
      if (field.value.trim() !== words || document.activeElement !== field) return undefined;
      if (!answer?.ok || answer.redirected) return this.close();
      const { items, more } = await answer.json();
      return this.show(items, more);
    }

    show(items, more) {
      this.found = items;
      this.list.replaceChildren(...items.map((item, index) => this.option(item, index)));
      this.point(-1);
      if (items.length) this.field.after(this.list);
      this.open(items.length > 0);
      const some = `${items.length}${more ? " premiers" : ""} article${items.length > 1 ? "s" : ""}`;
      this.lines.say(items.length ? `${some} du catalogue\u00a0: flèche vers le bas pour choisir.` : "");
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
      if (event.altKey || !this.found.length) return;
      if (step) this.point(this.next(step));
      else if (event.key === "Enter" && this.active >= 0) this.choose(this.active);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
    }

    // Through the articles, and back to what is typed.
    next(step) {
      const count = this.found.length + 1;
      return ((this.active + 1 + step + count) % count) - 1;
    }

    point(index) {
      this.active = index;
      [...this.list.children].forEach((option, rank) => option.setAttribute("aria-selected", rank === index));
      const option = this.list.children[index];
      if (option) this.field.setAttribute("aria-activedescendant", option.id);
      else this.field?.removeAttribute("aria-activedescendant");
      option?.scrollIntoView({ block: "nearest" });
    }

    choose(index) {
      const { label, description, unit, unit_price, vat_rate } = this.found[index];
      const line = this.field.closest(".line");
      this.close();
      this.lines.fill(line, { label, description, unit, unit_price, vat_rate });
      this.lines.go(line, "quantity");
      this.lines.say(`${label}\u00a0: repris du catalogue.`);
    }

    open(isShown) {
      this.list.hidden = !isShown;
      this.field?.setAttribute("aria-expanded", isShown);
    }

    close() {
      clearTimeout(this.timer);
      this.found = [];
      this.list.replaceChildren();
      this.point(-1);
      this.open(false);
    }
  }

  for (const lines of window.deskLines) if (lines.section.dataset.search) new Search(lines);
})();
