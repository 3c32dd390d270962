"""Photos that the company hands in, drawn anew in a process of their own: engine asks, redraw decodes and draws."""
