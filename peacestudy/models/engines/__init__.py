"""A file an engine, each naming its paper; `registry` lists them, `estimate` calls them."""
