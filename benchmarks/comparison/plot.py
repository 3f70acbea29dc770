"""Bar charts as SVG, without a library."""

from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, ROW = 760, 200, 480, 40
THROUGHPUT, CLIENT, OSD = "#2a6f97", "#e07a5f", "#f2cc8f"


def bars(path, title, rows):
    """Writes one chart; rows are (name, MB/s, client CPU s/GiB, OSD CPU s/GiB)."""
    most_rate = max(row[1] for row in rows)
    most_cpu = max(row[2] + row[3] for row in rows) or 1
    parts = []
    for index, (name, rate, client, osd) in enumerate(rows):
        top = 62 + index * ROW
        parts.append(text(LABEL - 8, top + 16, name, "end"))
        parts.append(bar(LABEL, top, BAR * rate / most_rate * 0.85, 14, THROUGHPUT))
        parts.append(text(LABEL + BAR * rate / most_rate * 0.85 + 4, top + 11, "%.0f MB/s" % rate))
        scale = BAR * 0.85 / most_cpu
        parts.append(bar(LABEL, top + 16, client * scale, 10, CLIENT))
        parts.append(bar(LABEL + client * scale, top + 16, osd * scale, 10, OSD))
        parts.append(text(LABEL + (client + osd) * scale + 4, top + 25, "%.2f + %.2f s/GiB" % (client, osd), size=10))
    height = 70 + len(rows) * ROW
    legend = [bar(LABEL, 34, 10, 10, THROUGHPUT), text(LABEL + 14, 43, "throughput"),
              bar(LABEL + 100, 34, 10, 10, CLIENT), text(LABEL + 114, 43, "client CPU"),
              bar(LABEL + 200, 34, 10, 10, OSD), text(LABEL + 214, 43, "OSD CPU")]
    with open(path, "w") as file:
        file.write('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif">\n' % (WIDTH, height))
        file.write('<rect width="100%" height="100%" fill="white"/>\n')
        file.write(text(16, 22, title, size=15) + "\n")
        file.write("\n".join(legend + parts) + "\n</svg>\n")


def bar(x, y, width, height, colour):
    return '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (x, y, max(width, 1), height, colour)


def text(x, y, content, anchor="start", size=12):
    return '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s">%s</text>' % (x, y, size, anchor, escape(content))
