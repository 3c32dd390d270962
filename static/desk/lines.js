// The lines of a quote: added, put in order, numbered. Removing is a box of the form, no script is needed for it.
(() => {
  const filled = (line) =>
    [...line.querySelectorAll("[name$=-label], [name$=-description]")].some((field) => field.value.trim());
  const nameOf = (line) => line.querySelector("[name$=-label]").value.trim() || "Sans désignation";

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
      this.number();
    }

    get all() {
      return [...this.list.children].filter((item) => item.matches(".line"));
    }

    // The blank lines at the end are for those without script; the first of an empty quote stays.
    dropSpares() {
      for (const line of this.all.reverse()) {
        const saved = line.querySelector("[name$='-id']")?.value;
        if (saved || filled(line) || line.querySelector(".errors") || this.all.length === 1) break;
        line.remove();
      }
      this.total.value = this.all.length;
    }

    listen() {
      this.section.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button?.dataset.add) this.add(button.dataset.add);
        if (button?.dataset.move) this.move(button.closest(".line"), button.dataset.move);
      });
      this.section.addEventListener("change", (event) => {
        if (event.target.matches("[name$=-DELETE]")) this.number();
      });
      // Enter goes on to the next line; it would send the form, whose first button is « Envoyer ».
      this.list.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing || !event.target.matches("input:not([type=checkbox])")) return;
        event.preventDefault();
        const next = event.target.closest(".line").nextElementSibling;
        if (next) next.querySelector("[name$=-label]").focus();
        else this.add("item");
      });
      // Dragging moves the node: whatever moved it, the ranks follow.
      new MutationObserver(() => this.number()).observe(this.list, { childList: true });
    }

    // A blank line of this kind at the end; `values` fills it, as typed.
    add(kind, values = {}) {
      const holder = document.createElement("ol");
      holder.innerHTML = this.template.innerHTML.replaceAll("__prefix__", this.total.value);
      const line = holder.firstElementChild;
      this.total.value = Number(this.total.value) + 1;
      line.querySelector("[name$=-kind]").value = kind === "option" ? "item" : kind;
      line.querySelector("[name$=-option]").checked = kind === "option";
      this.list.append(line);
      this.fill(line, values);
      line.querySelector("[name$=-label]").focus();
      return line;
    }

    // From the catalogue: into the last line if nothing is written there yet.
    addArticle(values) {
      const last = this.all.at(-1);
      const blank = last && !filled(last) && last.querySelector("[name$=-kind]").value === "item";
      const line = blank ? last : this.add("item");
      this.fill(line, values);
      const quantity = line.querySelector("[name$=-quantity]");
      quantity.focus();
      quantity.select();
      return line;
    }

    fill(line, values) {
      for (const [name, value] of Object.entries(values)) {
        const field = line.querySelector(`[name$='-${name}']`);
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }

    // The neighbour moves, so that the button keeps the focus.
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
        line.querySelector("[name$=-position]").value = index;
        line.querySelector(".line-rank").textContent = index + 1;
        line.setAttribute("aria-label", `Ligne ${index + 1}`);
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
