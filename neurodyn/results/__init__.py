"""What comes out: frozen results, and the files that hold them."""
