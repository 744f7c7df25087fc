"""Charts of the boards: plain values in, positions and a table out; the templates draw them.

One module a chart. Each function returns a `Figure`, which `templates/boards/charts/<kind>.html`
renders without any calculation: x in percent of the plot, y in rows or in percent of the height.
"""
