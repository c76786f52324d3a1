"""From numbers to words: tables, names, sentences, claims."""
