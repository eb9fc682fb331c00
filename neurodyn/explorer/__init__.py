"""The explorer: a network's phase plane and its signals on a page with sliders, computed anew as they move.

What is computed stands apart from what is shown. `subject`, `settings`, `view`, `motion` and `frame` are plain data and
functions from one to the next, and `session` holds them for one page; none of them knows Bokeh. `figures`, `controls`
and `page` show the arrays of a frame, and `server`, `export` and `explorer` bring the page to a browser, into a file or
into a notebook. Bokeh is imported by those that need it, when they are needed.
"""
