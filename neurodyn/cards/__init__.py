"""How results and networks show themselves: a few lines of text, and a card with a table and a picture in notebooks."""
