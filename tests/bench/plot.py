#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""plot.py < GROWTH.json > growth.svg : draws what "run --growth --json" measured: seconds over
mappings, both logarithmic, so that linear growth is a straight line of slope one."""

import json
import math
import sys

WIDTH, HEIGHT = 640, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 30, 50
BACKGROUND, INK, GRID = '#ffffff', '#2e3436', '#d3d7cf'
LINES = [('seconds', 'pas2vas', '#1a5fb4', ''), ('baseline_seconds', 'baseline', '#c64600', '6 4')]


class Axes:
    def __init__(self, rows):
        xs = [math.log10(r['mappings']) for r in rows]
        ys = [math.log10(r[key]) for r in rows for key, *_ in LINES]
        self.x = (math.floor(min(xs)), math.ceil(max(xs)))
        self.y = (math.floor(min(ys)), math.ceil(max(ys)))

    def at(self, mappings, seconds):
        x = (math.log10(mappings) - self.x[0]) / (self.x[1] - self.x[0])
        y = (math.log10(seconds) - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, anchor='middle', color=INK):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{words}</text>'


def line(a, b, color, width=1.0):
    return (f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" '
            f'stroke="{color}" stroke-width="{width}"/>')


def power(exponent):
    return f'10<tspan dy="-5" font-size="9">{str(exponent).replace("-", "−")}</tspan>'


def grid(axes):
    low, high = 10 ** axes.y[0], 10 ** axes.y[1]
    for exponent in range(axes.x[0], axes.x[1] + 1):
        bottom = axes.at(10**exponent, low)
        yield line(bottom, axes.at(10**exponent, high), GRID)
        yield text(bottom[0], bottom[1] + 18, power(exponent))
    for exponent in range(axes.y[0], axes.y[1] + 1):
        left = axes.at(10 ** axes.x[0], 10**exponent)
        yield line(left, axes.at(10 ** axes.x[1], 10**exponent), GRID)
        yield text(left[0] - 8, left[1] + 4, power(exponent), 'end')
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, 'mappings')
    yield text(LEFT, TOP - 12, 'seconds, walk and sort, warm', 'start')


def curve(axes, rows, number):
    key, name, color, dashes = LINES[number]
    points = [axes.at(r['mappings'], r[key]) for r in rows]
    path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
    yield (f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2" '
           f'stroke-dasharray="{dashes}"/>')
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'
    yield text(LEFT + 16, TOP + 22 + 18 * number, name, 'start', color)


def main():
    rows = json.load(sys.stdin)
    axes = Axes(rows)
    parts = list(grid(axes))
    for number in range(len(LINES)):
        parts += curve(axes, rows, number)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
          'font-family="sans-serif" font-size="13">')
    print('<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->')
    print('<!-- Copyright 2026 The pas2vas authors; made by tests/bench/plot.py -->')
    print(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{BACKGROUND}"/>')
    print('\n'.join(parts))
    print('</svg>')


if __name__ == '__main__':
    main()
