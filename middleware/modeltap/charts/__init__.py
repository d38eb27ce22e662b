"""Charts as static SVG: the same picture in a page, in a report and in the docs.

A chart is a function of plain values; it needs no JavaScript and no library. Colours are classes
of the page's style sheet; each colour has a second sign, such as a dot or a dash.

- `svg`: elements and escaped texts
- `scale`: positions and ticks of numbers and times
- `heat_map`: features by windows
- `time_marks`: events on a time axis, as letters
- `line_chart`: metrics over time, with intervals, thresholds and marks
- `bar_chart`: distributions of a feature in the reference and in a window
- `group_chart`: values of groups with intervals and sizes
- `timeline_chart`: incidents as bars, a lane for each subject
- `sparkline`: a line without axes
- `character_chart`: bars and sparklines of characters, for terminals
"""
