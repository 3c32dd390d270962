// The lines of a quote: added, put in order, numbered, and what is folded away told in their row. Removing is a box of
// the form, no script is needed for it.
(() => {
  const typed = (line, name) => line.querySelector(`[name$='-${name}']`);
  const filled = (line) => ["label", "description"].some((name) => typed(line, name).value.trim());
  const nameOf = (line) => typed(line, "label").value.trim() || "Sans désignation";

  // As the server makes one.
  const fresh = () => [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const option = (line) => (!typed(line, "option").checked ? "" : typed(line, "chosen").checked ? "option comprise" : "option");

  // What a row does not show, in a few words: description, discount, option; on a phone the figures of a folded card.
  function tell(line) {
    const value = (name) => typed(line, name).value.trim();
    const discount = Number(value("discount").replace(",", ".")) === 0 ? "" : `remise ${value("discount")}\u00a0%`;
    line.querySelector(".line-note").textContent = value("description");
    line.querySelector(".line-marks").textContent = [discount, option(line)].filter(Boolean).join(" · ");
    line.querySelector(".card-name").textContent = nameOf(line);
    line.dataset.kind = value("kind");
    const isItem = line.dataset.kind === "item";
    const price = value("unit_price").replace(/\B(?<![.,]\d*)(?=(\d{3})+(?!\d))/g, "\u202f");
    const unit = value("unit") && ` / ${value("unit")}`;
    line.querySelector(".card-figures").textContent = isItem ? `${value("quantity")} × ${price}\u00a0€${unit}` : "";
  }

  class Lines {
    constructor(section) {
      this.section = section;
      this.list = section.querySelector(".lines");
      this.template = section.querySelector("template");
      this.total = section.querySelector("[name$=-TOTAL_FORMS]");
      this.status = section.querySelector("[role=status]");
      this.dropSpares();
      this.listen();
      section.classList.add("scripted");
      this.all.forEach(tell);
      this.number();
      for (const line of this.all) if (this.all.length === 1 || line.querySelector(".line-error")) this.show(line, true);
    }

    get all() {
      return [...this.list.children].filter((item) => item.matches(".line"));
    }

    // The blank lines at the end are for those without script; the first of an empty quote stays.
    dropSpares() {
      for (const line of this.all.reverse()) {
        if (typed(line, "id")?.value || filled(line) || line.querySelector(".errors") || this.all.length === 1) break;
        line.remove();
      }
      this.total.value = this.all.length;
    }

    listen() {
      this.section.addEventListener("click", ({ target }) => {
        const button = target.closest("button");
        if (button?.dataset.add) this.go(this.add(button.dataset.add));
        if (button?.dataset.move) this.move(button.closest(".line"), button.dataset.move);
        if (button?.matches(".line-card")) this.toggle(button.closest(".line"));
        if (target.matches(".line-note")) this.go(target.closest(".line"), "description");
      });
      this.list.addEventListener("input", ({ target }) => tell(target.closest(".line")));
      this.section.addEventListener("change", ({ target }) => {
        if (target.matches("[name$=-DELETE]")) this.number();
      });
      // « Aller au champ » of what is missing: the field may be folded away.
      document.addEventListener("click", (event) => {
        const field = document.getElementById(event.target.closest("a[href^='#']")?.hash.slice(1) ?? "");
        if (!field || !this.list.contains(field)) return;
        event.preventDefault();
        this.go(field.closest(".line"), field.name.slice(field.name.lastIndexOf("-") + 1));
      });
      // Dragging moves the node: whatever moved it, the ranks follow.
      new MutationObserver(() => this.number()).observe(this.list, { childList: true });
    }

    // A blank line of this kind, at the end or behind another; `values` fills it, as typed.
    add(kind, values = {}, behind = this.list.lastElementChild) {
      const holder = document.createElement("ol");
      holder.innerHTML = this.template.innerHTML.replaceAll("__prefix__", this.total.value);
      const line = holder.firstElementChild;
      this.total.value = Number(this.total.value) + 1;
      typed(line, "kind").value = kind === "option" ? "item" : kind;
      typed(line, "option").checked = kind === "option";
      const identity = typed(line, "own_identity");
      if (identity) line.dataset.identity = identity.value = fresh();
      if (behind) behind.after(line);
      else this.list.append(line);
      this.fill(line, values);
      return line;
    }

    fill(line, values) {
      for (const [name, value] of Object.entries(values)) typed(line, name).value = value;
      tell(line);
      line.dispatchEvent(new CustomEvent("lines:changed", { bubbles: true }));
    }

    // To a field, which may be folded away, on a phone with its whole line.
    go(line, name = "label") {
      this.open(line);
      const field = typed(line, name);
      const folded = field.closest("details");
      if (folded) folded.open = true;
      field.focus();
      if (field.matches("input")) field.select();
    }

    // On a phone one line is open at a time; on a desk each is a row, and nothing shows of this.
    open(line) {
      for (const other of this.list.querySelectorAll(".line.open")) if (other !== line) this.show(other, false);
      this.show(line, true);
    }

    toggle(line) {
      if (line.matches(".open")) this.show(line, false);
      else this.go(line);
    }

    show(line, isOpen) {
      line.classList.toggle("open", isOpen);
      line.querySelector(".line-card").setAttribute("aria-expanded", isOpen);
    }

    // The neighbour moves, so that whatever has the focus keeps it.
    move(line, direction) {
      const neighbour = direction === "up" ? line.previousElementSibling : line.nextElementSibling;
      if (!neighbour) return;
      this.list.insertBefore(neighbour, direction === "up" ? line.nextElementSibling : line);
      this.number();
      this.say(`${nameOf(line)}\u00a0: ligne ${this.all.indexOf(line) + 1} sur ${this.all.length}.`);
      line.scrollIntoView({ block: "nearest" });
    }

    say(words) {
      this.status.textContent = words;
    }

    number() {
      const lines = this.all;
      lines.forEach((line, index) => {
        typed(line, "position").value = index;
        line.querySelector(".line-rank").textContent = index + 1;
        line.setAttribute("aria-label", `Ligne ${index + 1}`);
        line.querySelector("summary").setAttribute("aria-label", `Plus, ligne ${index + 1}`);
        for (const button of line.querySelectorAll("[data-move]")) {
          const last = button.dataset.move === "up" ? index === 0 : index === lines.length - 1;
          button.setAttribute("aria-disabled", last);
          button.setAttribute("aria-label", `${button.textContent} la ligne ${index + 1}`);
        }
      });
      this.section.dispatchEvent(new CustomEvent("lines:changed", { bubbles: true }));
    }
  }

  window.deskLines = [...document.querySelectorAll(".desk-lines")].map((section) => new Lines(section));
})();
