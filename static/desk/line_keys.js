// Writing a quote without leaving the keyboard: Enter and the arrows go from line to line, Alt and an arrow move one,
// Ctrl+S saves.
(() => {
  const shown = (field) => field?.checkVisibility() && !field.closest(".line").querySelector("[name$=-DELETE]:checked");

  // The same column of the next line that has it.
  function beside(field, way) {
    const name = field.name.slice(field.name.lastIndexOf("-"));
    let line = field.closest(".line");
    while ((line = line[way])) {
      const found = line.querySelector(`[name$='${name}']`);
      if (shown(found)) return found;
    }
    return null;
  }

  for (const lines of window.deskLines) {
    lines.list.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const { key, target, altKey } = event;
      const line = target.closest(".line");
      const arrow = { ArrowUp: "up", ArrowDown: "down" }[key];
      const isField = target.matches("input:not([type=checkbox])");
      if (arrow && altKey) lines.move(line, arrow);
      else if (altKey || !(isField || (key === "Enter" && target.matches("select")))) return;
      else if (arrow) {
        const next = beside(target, arrow === "up" ? "previousElementSibling" : "nextElementSibling");
        if (!next) return;
        next.focus();
        next.select();
      } else if (key === "Enter") {
        // In a field it would send the form. From the last line a new one begins.
        lines.go(line.nextElementSibling ?? lines.add("item"));
      } else return;
      event.preventDefault();
    });
  }

  document.addEventListener("keydown", (event) => {
    const save = document.querySelector("#submit-row .bar-always button");
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || !save) return;
    event.preventDefault();
    save.click();
  });
})();
