#!/usr/bin/env python3
"""Turn the output of `tmux capture-pane -e -p` into an SVG picture of the terminal.

usage: ansi2svg.py COLS ROWS TITLE <captured >picture.svg

Nothing but the standard library. Every run of cells with one style becomes one <text>, placed by its
column, so that the picture keeps the terminal's grid whatever font the viewer has."""
import html
import re
import sys
import unicodedata

CELL_W, CELL_H, PAD, BAR = 8.4, 18, 12, 28
BACKGROUND, FOREGROUND = "#15181e", "#d5d8de"
BASE = ["#2b303b", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d5d8de",
        "#5c6370", "#ff7b86", "#b5e890", "#ffd88a", "#7cc3ff", "#de8ff5", "#6fd6e2", "#ffffff"]


def colour(n):
    if n < 16:
        return BASE[n]
    if n < 232:
        n -= 16
        steps = (0, 95, 135, 175, 215, 255)
        return "#%02x%02x%02x" % (steps[n // 36], steps[n // 6 % 6], steps[n % 6])
    grey = 8 + (n - 232) * 10
    return "#%02x%02x%02x" % (grey, grey, grey)


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fg = self.bg = None
        self.bold = self.dim = self.italic = self.under = self.reverse = False

    def apply(self, params):
        it = iter([int(p) if p else 0 for p in re.split("[;:]", params)] or [0])
        for p in it:
            if p == 0:
                self.reset()
            elif p in (1, 2, 3, 4, 7):
                setattr(self, {1: "bold", 2: "dim", 3: "italic", 4: "under", 7: "reverse"}[p], True)
            elif p == 22:
                self.bold = self.dim = False
            elif p in (23, 24, 27):
                setattr(self, {23: "italic", 24: "under", 27: "reverse"}[p], False)
            elif 30 <= p <= 37 or 90 <= p <= 97:
                self.fg = BASE[p - 30 if p < 90 else p - 82]
            elif 40 <= p <= 47 or 100 <= p <= 107:
                self.bg = BASE[p - 40 if p < 100 else p - 92]
            elif p in (38, 48):
                kind = next(it, 0)
                c = colour(next(it, 0)) if kind == 5 else "#%02x%02x%02x" % tuple(
                    next(it, 0) for _ in range(3))
                setattr(self, "fg" if p == 38 else "bg", c)
            elif p == 39:
                self.fg = None
            elif p == 49:
                self.bg = None

    def key(self):
        fg, bg = self.fg or FOREGROUND, self.bg
        if self.reverse:
            fg, bg = bg or BACKGROUND, fg
        return fg, bg, self.bold, self.dim, self.italic, self.under


def width(ch):
    if unicodedata.combining(ch):
        return 0
    return 2 if unicodedata.east_asian_width(ch) in "WF" else 1


def runs(line, style):
    """Yield (column, text, cells, style key) of one captured line."""
    col, start, text, key = 0, 0, "", style.key()
    for piece in re.split("(\x1b\\[[0-9;:]*m)", line):
        if piece.startswith("\x1b["):
            style.apply(piece[2:-1])
            continue
        for ch in piece:
            # one run a style, and a fresh one beside anything whose width a font may get wrong
            if style.key() != key or ord(ch) > 0x2FF or (text and ord(text[-1]) > 0x2FF):
                if text:
                    yield start, text, col - start, key
                start, text, key = col, "", style.key()
            text += ch
            col += width(ch)
    if text:
        yield start, text, col - start, key


def main():
    cols, rows, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    lines = sys.stdin.read().split("\n")[:rows]
    w, h = cols * CELL_W + 2 * PAD, rows * CELL_H + 2 * PAD + BAR
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" '
           'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">' % (w, h, w, h),
           '<title>%s</title>' % html.escape(title),
           '<rect width="100%%" height="100%%" rx="8" fill="%s"/>' % BACKGROUND,
           '<circle cx="18" cy="16" r="5" fill="#e06c75"/><circle cx="36" cy="16" r="5" fill="#e5c07b"/>'
           '<circle cx="54" cy="16" r="5" fill="#98c379"/>',
           '<text x="%.0f" y="20" text-anchor="middle" font-size="12" fill="#8a909c">%s</text>'
           % (w / 2, html.escape(title))]
    style = Style()
    for row, line in enumerate(lines):
        y = BAR + PAD + row * CELL_H
        for col, text, cells, (fg, bg, bold, dim, italic, under) in runs(line, style):
            x = PAD + col * CELL_W
            if bg:
                out.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>'
                           % (x, y, cells * CELL_W, CELL_H, bg))
            if text.strip():
                extra = "".join([' font-weight="bold"' if bold else "", ' opacity=".6"' if dim else "",
                                 ' font-style="italic"' if italic else "",
                                 ' text-decoration="underline"' if under else ""])
                out.append('<text x="%.1f" y="%.1f" fill="%s"%s textLength="%.1f" '
                           'lengthAdjust="spacingAndGlyphs" xml:space="preserve">%s</text>'
                           % (x, y + 13.5, fg, extra, cells * CELL_W, html.escape(text)))
    out.append("</svg>")
    print("\n".join(out))


main()
