#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""check-kernel.py FOLDER PROGRAM IMAGE : compares the kernel's half of the addresses as
`PROGRAM export --kernel all` has it with another walk of it (walk.py --kernel), with the addresses
of tasks and address spaces that the kernel module wrote down (rigtruth.tsv), with /proc/modules and
with /proc/iomem. Ends with 1 if there is a difference."""

import bisect
import collections
import csv
import os
import re
import subprocess
import sys

EXAMPLES = 10
HERE = os.path.dirname(os.path.abspath(__file__))


class Runs:
    """runs of addresses that are mapped to consecutive frames"""

    def __init__(self):
        self.runs = []

    def add(self, va, pa, length):
        last = self.runs[-1] if self.runs else None
        if last and last[0] + last[2] == va and last[1] + last[2] == pa:
            last[2] += length
        else:
            self.runs.append([va, pa, length])

    def as_set(self):
        return {tuple(r) for r in self.runs}


class Rows:
    """our rows, by virtual address"""

    def __init__(self, program, image):
        out = subprocess.run(
            [program, 'export', '--pid=0', '--kernel=all', '--quiet', '--format=csv', image],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
        self.rows = []
        self.pages = collections.Counter()
        for row in csv.DictReader(out.splitlines()):
            va, pa, length = int(row['virtual'], 16), int(row['physical'], 16), int(row['length'])
            n = int(row['addresses'])
            step = int(row['step'], 16) if row['step'] else length
            self.pages[row['class']] += n * length >> 12
            for i in range(n):
                self.rows.append(
                    (va + i * step, pa, length, row['class'], row['region'], row['state'])
                )
        self.rows.sort()
        self.starts = [r[0] for r in self.rows]

    def find(self, va):
        i = bisect.bisect_right(self.starts, va) - 1
        if i >= 0 and va - self.rows[i][0] < self.rows[i][2]:
            return self.rows[i]
        return None


class Judge:
    def __init__(self):
        self.differences = []
        self.n_same = collections.Counter()

    def expect(self, kind, good, what):
        if good:
            self.n_same[kind] += 1
        else:
            self.differences.append(f'{kind}: {what}')


def read_lines(folder, name):
    path = f'{folder}/{name}'
    return open(path, encoding='latin-1').read().splitlines() if os.path.exists(path) else []


def judge_runs(judge, folder, rows):
    ours, theirs = Runs(), Runs()
    for va, pa, length, _, _, state in rows.rows:
        if state == 'valid':
            ours.add(va, pa, length)
    for line in read_lines(folder, 'kernel-runs.tsv')[1:]:
        theirs.add(*(int(x, 16) for x in line.split('\t')))
    ours, theirs = ours.as_set(), theirs.as_set()
    for run in sorted(ours | theirs):
        where = 'missing' if run not in ours else 'only ours'
        judge.expect(
            'runs',
            run in ours and run in theirs,
            '0x%x -> 0x%x, 0x%x bytes: ' % run + where,
        )


def judge_objects(judge, folder, rows):
    """what the kernel's own pointers lead to"""
    for line in read_lines(folder, 'rigtruth.tsv'):
        x = line.split('\t')
        if line.startswith('#') or len(x) < 11:
            continue
        for kind, va, pa in (('tasks', x[4], x[5]), ('mms', x[6], x[7]), ('roots', x[9], x[10])):
            va, pa = int(va, 16), int(pa, 16)
            if va == 0:
                continue
            row = rows.find(va)
            judge.expect(
                kind, row and row[1] + va - row[0] == pa, f'0x{va:x} -> 0x{pa:x}, ours: {row}'
            )


def judge_modules(judge, folder, rows):
    """from 6.4 on the address is that of the code alone, and the size that of all parts"""
    for line in read_lines(folder, 'modules.txt'):
        name, size, va = line.split()[0], int(line.split()[1]), int(line.split()[5], 16)
        row = rows.find(va)
        judge.expect(
            'modules',
            row and row[3] == 'module' and re.match(rf'module {re.escape(name)}\b', row[4]),
            f'{name} at 0x{va:x}, {size} bytes, ours: {row}',
        )


def judge_image(judge, folder, rows, delta):
    """the parts of the kernel's image, but what is not mapped there"""
    for line in read_lines(folder, 'iomem.txt'):
        m = re.match(r' *([0-9a-f]+)-([0-9a-f]+) : (Kernel \w+)', line)
        if not m:
            continue
        start, last = int(m.group(1), 16), int(m.group(2), 16)
        for pa in range(start & ~0xFFF, last, 0x1000):
            row = rows.find((pa + delta) % (1 << 64))
            judge.expect(
                'pages of the image',
                not row or row[3] in ('kernel-image', 'freed-image'),
                f'{m.group(3)} 0x{pa:x}, ours: {row}',
            )


def get_delta(folder):
    info = '\n'.join(read_lines(folder, 'vmcoreinfo.txt'))
    m = re.search(r'NUMBER\(kimage_voffset\)=(0x\w+)', info)
    if m:
        return int(m.group(1), 16)
    m = re.search(r'NUMBER\(phys_base\)=(-?\d+)', info)
    if m:
        return 0xFFFFFFFF80000000 - int(m.group(1))
    return next(
        (
            int(l.split()[1], 16)
            for l in read_lines(folder, 'rigtruth.tsv')
            if l.startswith('#page_offset')
        ),
        0xC0000000,
    )


def main(folder, program, image):
    if not os.path.exists(f'{folder}/kernel-runs.tsv'):
        walker = [f'{HERE}/walk.py', folder, '--kernel']
        subprocess.run(walker, stdout=subprocess.DEVNULL, check=True)
    judge = Judge()
    rows = Rows(program, image)
    judge_runs(judge, folder, rows)
    judge_objects(judge, folder, rows)
    judge_modules(judge, folder, rows)
    judge_image(judge, folder, rows, get_delta(folder))
    for line in judge.differences[:EXAMPLES]:
        print(line)
    print('pages by class:', ', '.join(f'{n} {c}' for c, n in rows.pages.most_common()))
    counts = ', '.join(f'{n} {kind}' for kind, n in judge.n_same.items())
    verdict = f'{len(judge.differences)} differences' if judge.differences else 'same'
    print(f'KERNEL: {verdict}; {counts}')
    return 1 if judge.differences else 0


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
