"""What French law asks of a quote, its signature, its withdrawal and its deposit: pure rules, no database, no page."""
